/* constable(1), and a page for each command: what `constable help` says, and a little more. */
#include <ctype.h>
#include <string.h>

#include "cli/option_help.h"
#include "cli/settings.h"
#include "cli/usage.h"
#include "manual/pages.h"
#include "manual/roff.h"

#define NAME_BYTES 64

static const struct str nothing = { "", 0 };

static void add_exit_status(struct roff *roff)
{
	static const struct {
		const char *status, *meaning;
	} rows[] = {
		{ "0", "Done." },
		{ "1", "The thing asked for failed." },
		{ "2", "Wrong use." },
		{ "3", "Not permitted." },
		{ "4", "The other side cannot be reached." },
		{ "130", "Interrupted by Ctrl-C." },
	};

	roff_section(roff, "EXIT STATUS");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		roff_term(roff, rows[i].status, nothing);
		roff_text(roff, rows[i].meaning);
	}
}

static void add_synopsis(struct roff *roff, const struct command *command)
{
	const char *at = command->usage;
	char name[NAME_BYTES];
	struct usage_form form;

	text_format(name, sizeof(name), "constable %s", command->name);
	roff_section(roff, "SYNOPSIS");
	if (!*at)
		roff_synopsis(roff, name, nothing);
	while (usage_next(&at, &form))
		roff_synopsis(roff, name, form.line);
}

/* The value that the first form with this option shows for it. */
static struct str value_of(const char *usage, struct str option)
{
	struct usage_form form;

	while (usage_next(&usage, &form))
		for (unsigned i = 0; i < form.n; i++)
			if (form.items[i].option.len == option.len &&
			    memcmp(form.items[i].option.data, option.data, option.len) == 0)
				return form.items[i].value;
	return nothing;
}

static void add_options(struct roff *roff, const struct command *command)
{
	struct str options[USAGE_MAX_OPTIONS];
	unsigned n = usage_options(command->usage, options);

	if (n)
		roff_section(roff, "OPTIONS");
	for (unsigned i = 0; i < n; i++) {
		char name[NAME_BYTES];

		str_copy(options[i], name, sizeof(name));
		roff_term(roff, name, value_of(command->usage, options[i]));
		roff_text(roff, option_help_find(name, command->name));
	}
}

/* "The agents" as manuals begin a summary: "the agents". */
static void small_start(const char *text, char *out, size_t size)
{
	text_copy(out, size, text);
	if (out[0] && !isupper((unsigned char)out[1]))
		out[0] = (char)tolower((unsigned char)out[0]);
}

static int print_command(const struct pages *pages, const struct command *command)
{
	static const char *const see[] = { "constable(1)", "constable-agent.yaml(5)", NULL };
	char name[NAME_BYTES], summary[256];
	struct roff roff = { 0 };

	text_format(name, sizeof(name), "constable-%s", command->name);
	small_start(command->summary, summary, sizeof(summary));
	roff.out = pages_open(pages, name, 1);
	if (!roff.out)
		return 1;
	roff_begin(&roff, &(struct roff_title) { name, 1, summary, pages->date, pages->version });
	add_synopsis(&roff, command);
	roff_section(&roff, "DESCRIPTION");
	roff_text(&roff, command->summary);
	if (command->help) {
		roff_paragraph(&roff);
		roff_help(&roff, command->help);
	}
	add_options(&roff, command);
	add_exit_status(&roff);
	roff_see(&roff, see);
	return pages_close(roff.out, name);
}

static void add_settings(struct roff *roff)
{
	roff_section(roff, "SETTINGS");
	roff_text(roff, "Each key of constable-agent.yaml(5) is also an option that stands before "
			"the command; --host, --label, --color and --no-color may stand behind it, "
			"too.");
	for (const struct config_key *key = settings_keys; key->name; key++) {
		const char *type = config_type_name(key);
		char flag[CONFIG_FLAG_BYTES];

		config_flag_name(key, flag);
		roff_term(roff, flag, (struct str) { type, strlen(type) });
		roff_text(roff, key->help);
	}
}

static int print_overview(const struct pages *pages)
{
	static const char *const see[] = {
		"constable-ask(1)",        "constable-call(1)",   "constable-up(1)",
		"constable-agent.yaml(5)", "constable-policy(5)", "constable-agent(8)",
		"constable-server(8)",     "constable-warden(8)", NULL
	};
	static const char call[] = "[--SETTING VALUE ...] COMMAND [ARGUMENT ...]";
	struct roff roff = { .out = pages_open(pages, "constable", 1) };

	if (!roff.out)
		return 1;
	roff_begin(&roff, &(struct roff_title) { "constable", 1,
						 "find out what is wrong with a host, and prove it",
						 pages->date, pages->version });
	roff_section(&roff, "SYNOPSIS");
	roff_synopsis(&roff, "constable", (struct str) { call, strlen(call) });
	roff_section(&roff, "DESCRIPTION");
	roff_text(&roff,
		  "Constable collects evidence from hosts, finds the root cause, and proves "
		  "each claim with the evidence. It is begun with: constable ask why is this "
		  "host slow. Every tool runs through the gate of a warden, as a child behind "
		  "walls; where no warden runs, a command brings its own.");
	roff_section(&roff, "COMMANDS");
	roff_text(&roff, "Each has a page of its own: constable-ask(1) and so on.");
	for (const struct command *const *at = commands; *at; at++) {
		roff_term(&roff, (*at)->name, nothing);
		roff_text(&roff, (*at)->summary);
	}
	add_settings(&roff);
	add_exit_status(&roff);
	roff_see(&roff, see);
	return pages_close(roff.out, "constable");
}

int pages_commands(const struct pages *pages)
{
	int status = print_overview(pages);

	for (const struct command *const *at = commands; *at; at++)
		status |= print_command(pages, *at);
	return status;
}
