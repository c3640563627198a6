/* Commands that ask the warden itself: status, audit, approval. */
#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "cli/commands.h"
#include "cli/fleet.h"

/* Reads --json and the words; 0, or an exit status where it went wrong. */
static int read_words(int argc, char **argv, struct words *words, int *wants_json)
{
	const struct option_row rows[] = { { "--json", OPTION_SET, wants_json }, { 0 } };
	struct error err = { 0 };

	return option_read(rows, argc, argv, words, &err) < 0 ? command_failed(&err) : EXIT_DONE;
}

static int ask(struct cli *cli, const char *type, const char *nonce, json_t **body_out)
{
	struct error err = { 0 };

	return cli_request(cli, type, nonce, body_out, &err) < 0 ? command_failed(&err) : EXIT_DONE;
}

static void print_status(const struct cli *cli, const json_t *status, struct page *page)
{
	double uptime = json_get_number(status, "uptime_s", 0);
	char text[DURATION_TEXT_BYTES];

	page_add(page, STYLE_STRONG, "%-8s", "warden");
	page_add(page, STYLE_PLAIN, "pid %lld, uid %lld, up %s",
		 (long long)json_get_int(status, "pid", 0),
		 (long long)json_get_int(status, "uid", 0),
		 duration_to_text((uint64_t)(uptime * NS_PER_SEC), text));
	page_end(page);
	page_add(page, STYLE_STRONG, "%-8s", "state");
	page_add(page, STYLE_PLAIN, "%s", json_get_text(status, "state_dir", ""));
	page_end(page);
	page_add(page, STYLE_STRONG, "%-8s", "audit");
	page_add(page, STYLE_PLAIN, "%lld lines, head %.16s",
		 (long long)json_get_int(status, "audit_seq", 0),
		 json_get_text(status, "audit_head", ""));
	if (json_get_bool(status, "audit_on_reserve", false))
		page_add(page, STYLE_BAD, "  on its reserve: the disk is full");
	page_end(page);
	page_add(page, STYLE_STRONG, "%-8s", "socket");
	page_add(page, STYLE_PLAIN, "%s", cli->socket);
	page_end(page);
}

static int run_status(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *status = NULL;
	struct words words;
	int wants_json = 0;
	int r = read_words(argc, argv, &words, &wants_json);

	if (r == EXIT_DONE && words.n)
		return command_misused(&command_status);
	if (r == EXIT_DONE)
		r = ask(cli, "status", NULL, &status);
	if (r != EXIT_DONE)
		return r;
	if (wants_json)
		cli_print_json(status);
	else
		print_status(cli, status, &cli->out);
	return EXIT_DONE;
}

const struct command command_status = {
	.name = "status",
	.usage = "[--json]",
	.summary = "The warden on this host and its audit log",
	.help = "Without a warden service this is the one that each command brings along: it is "
		"as\n"
		"old as the command.\n",
	.run = run_status,
};

static void print_verdict(const json_t *report, struct page *page)
{
	bool is_whole = json_get_bool(report, "ok", false);
	const json_t *at;
	size_t i;

	page_add(page, STYLE_PLAIN,
		 "%lld lines in %lld files: ", (long long)json_get_int(report, "lines", 0),
		 (long long)json_get_int(report, "files", 0));
	page_add(page, is_whole ? STYLE_GOOD : STYLE_BAD, "%s",
		 is_whole ? "the chain is whole" : "TAMPERED WITH");
	page_end(page);
	json_array_foreach(json_object_get(report, "faults"), i, at)
	{
		page_flow_format(page, STYLE_BAD, 4, "  %s:%lld: %s", json_get_text(at, "file", ""),
				 (long long)json_get_int(at, "line", 0),
				 json_get_text(at, "what", ""));
		page_end(page);
	}
	json_array_foreach(json_object_get(report, "cannot_prove"), i, at)
	{
		page_flow_format(page, STYLE_FAINT, 4, "  cannot prove: %s", json_string_value(at));
		page_end(page);
	}
}

int audit_here(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *report = NULL;
	struct words words;
	int wants_json = 0;
	int r = read_words(argc, argv, &words, &wants_json);

	if (r == EXIT_DONE && (words.n != 1 || strcmp(words.at[0], "verify") != 0))
		return command_misused(&command_audit);
	if (r == EXIT_DONE)
		r = ask(cli, "verify", NULL, &report);
	if (r != EXIT_DONE)
		return r;
	if (wants_json)
		cli_print_json(report);
	else
		print_verdict(report, &cli->out);
	return json_get_bool(report, "ok", false) ? EXIT_DONE : EXIT_FAILED;
}

static void print_approvals(const json_t *list, struct page *page)
{
	const json_t *one;
	size_t i;

	if (!json_array_size(list)) {
		page_add(page, STYLE_FAINT, "No call waits for an approval.");
		page_end(page);
	}
	json_array_foreach(list, i, one)
	{
		page_add(page, STYLE_NAME, "%s", json_get_text(one, "nonce", ""));
		page_add(page, STYLE_STRONG, "  %s", json_get_text(one, "tool", ""));
		page_add(page, STYLE_FAINT, "  asked by %s, %.0f s left%s",
			 json_get_text(one, "asked_by", ""),
			 json_get_number(one, "expires_in_s", 0),
			 json_get_bool(one, "granted", false) ? ", granted" : "");
		page_end(page);
		page_add(page, STYLE_PLAIN, "  %s",
			 json_get_text(one, "args", "(too long to show; compare the SHA-256)"));
		page_end(page);
		page_add(page, STYLE_FAINT, "  sha256 %s", json_get_text(one, "args_sha256", ""));
		page_end(page);
	}
}

int approval_here(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *list = NULL;
	int wants_json = 0, is_here = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json },
					   { "--here", OPTION_SET, &is_here },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n == 2 && strcmp(words.at[0], "grant") == 0)
		return ask(cli, "approve", words.at[1], &list);
	if (words.n != 1 || strcmp(words.at[0], "list") != 0)
		return command_misused(&command_approval);
	r = ask(cli, "approvals", NULL, &list);
	if (r != EXIT_DONE)
		return r;
	if (wants_json)
		cli_print_json(list);
	else
		print_approvals(list, &cli->out);
	return EXIT_DONE;
}
