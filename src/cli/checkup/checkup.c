/* constable test: what works on this machine, what does not, why, and what to do. */
#include "cli/checkup/checkup.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

#define CHECK_COLUMN 7
#define FINDING_COLUMN 27

static const struct {
	const char *name, *mark;
	enum style style;
} states[] = {
	[CHECK_OK] = { "ok", "ok", STYLE_GOOD },
	[CHECK_WARN] = { "warn", "warn", STYLE_WARN },
	[CHECK_FAIL] = { "fail", "FAIL", STYLE_BAD },
};

void checkup_say(struct checkup *checkup, enum check_state state, const char *check,
		 const char *advice, const char *finding, ...)
{
	char text[ERROR_TEXT_BYTES + 256];
	va_list args;

	va_start(args, finding);
	(void)vsnprintf(text, sizeof(text), finding, args);
	va_end(args);
	checkup->n[state]++;
	json_push(checkup->rows, json_pack("{s:s, s:s, s:s, s:o, s:s*}", "area", checkup->area,
					   "check", check, "state", states[state].name, "finding",
					   json_text(text, strlen(text)), "advice", advice));
}

static enum check_state state_of(const json_t *row)
{
	const char *name = json_get_text(row, "state", "");

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i].name, name) == 0)
			return (enum check_state)i;
	return CHECK_FAIL;
}

static void print_row(const json_t *row, struct page *page)
{
	enum check_state state = state_of(row);
	const char *advice = json_get_text(row, "advice", NULL);

	page_add(page, states[state].style, "  %s", states[state].mark);
	page_to(page, CHECK_COLUMN);
	page_add(page, STYLE_PLAIN, "%s", json_get_text(row, "check", ""));
	page_to(page, FINDING_COLUMN);
	page_flow(page, STYLE_PLAIN, FINDING_COLUMN, json_get_text(row, "finding", ""));
	page_end(page);
	if (!advice)
		return;
	page_to(page, FINDING_COLUMN);
	page_flow_format(page, STYLE_NAME, FINDING_COLUMN + 3, "-> %s", advice);
	page_end(page);
}

static void print_rows(const struct checkup *checkup, struct page *page)
{
	const char *area = "";
	const json_t *row;
	size_t i;

	json_array_foreach(checkup->rows, i, row)
	{
		if (strcmp(json_get_text(row, "area", ""), area) != 0) {
			area = json_get_text(row, "area", "");
			if (i)
				page_end(page);
			page_add(page, STYLE_STRONG, "%s", area);
			page_end(page);
		}
		print_row(row, page);
	}
}

static void print_closing(const struct checkup *checkup, struct page *page)
{
	page_end(page);
	page_add(page, STYLE_STRONG, "%s",
		 checkup->n[CHECK_FAIL] ? "Not everything works: " : "Constable works here: ");
	page_add(page, STYLE_GOOD, "%u ok", checkup->n[CHECK_OK]);
	page_add(page, STYLE_WARN, ", %u with less than there could be", checkup->n[CHECK_WARN]);
	page_add(page, checkup->n[CHECK_FAIL] ? STYLE_BAD : STYLE_PLAIN, ", %u failed",
		 checkup->n[CHECK_FAIL]);
	page_end(page);
}

static int run(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *rows = json_array();
	struct checkup checkup = { .cli = cli, .rows = rows };
	int wants_json = 0;
	const struct option_row options[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_test);
	own_checks(&checkup);
	host_checks(&checkup);
	wall_checks(&checkup);
	if (wants_json) {
		CLEANUP(json)
		json_t *answer = json_pack(
			"{s:b, s:i, s:i, s:i, s:O}", "works", checkup.n[CHECK_FAIL] == 0, "ok",
			(int)checkup.n[CHECK_OK], "warn", (int)checkup.n[CHECK_WARN], "fail",
			(int)checkup.n[CHECK_FAIL], "checks", rows);

		cli_print_json(answer);
	} else {
		print_rows(&checkup, &cli->out);
		print_closing(&checkup, &cli->out);
	}
	return checkup.n[CHECK_FAIL] ? EXIT_FAILED : EXIT_DONE;
}

const struct command command_test = {
	.name = "test",
	.usage = "[--json]",
	.summary = "What works on this machine, what does not, and what to do",
	.help = "Looks at our own parts, at what the kernel offers, and at the walls that stand\n"
		"around real calls; run it as the user who will ask. It changes nothing.\n"
		"Exit status 0 unless something that is needed fails.\n",
	.run = run,
	.state = COMMAND_LOOKS_AT_STATE,
};
