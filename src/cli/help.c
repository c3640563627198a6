/* constable help [COMMAND], constable version */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/option_help.h"
#include "cli/usage.h"

#define OPTION_NAME_BYTES 32
#define OPTION_COLUMNS 20

/* The indent of a form's further lines: behind "usage: constable NAME ". */
static void add_form(struct page *page, const char *intro, const struct command *command,
		     struct str line)
{
	unsigned indent = (unsigned)(sizeof("usage: constable ") + strlen(command->name));

	page_add(page, STYLE_STRONG, "%s constable %s", intro, command->name);
	page_flow_format(page, STYLE_STRONG, indent, " %.*s", (int)line.len, line.data);
	page_end(page);
}

static void add_usage(struct page *page, const struct command *command)
{
	const char *at = command->usage, *intro = "usage:";
	struct usage_form form;

	if (!*at)
		add_form(page, intro, command, (struct str) { "", 0 });
	for (; usage_next(&at, &form); intro = "      ")
		add_form(page, intro, command, form.line);
}

static void add_option(struct page *page, const struct command *command, struct str option)
{
	char name[OPTION_NAME_BYTES];

	str_copy(option, name, sizeof(name));
	page_add(page, STYLE_NAME, "  %-*s  ", OPTION_COLUMNS, name);
	page_flow(page, STYLE_PLAIN, OPTION_COLUMNS + 4, option_help_find(name, command->name));
	page_end(page);
}

static int describe(const struct command *command, struct page *page)
{
	struct str options[USAGE_MAX_OPTIONS];
	unsigned n = usage_options(command->usage, options);

	add_usage(page, command);
	page_end(page);
	page_add(page, STYLE_PLAIN, "%s.", command->summary);
	page_end(page);
	if (command->help) {
		page_end(page);
		page_lines(page, command->help);
	}
	if (n)
		page_title(page, "Options");
	for (unsigned i = 0; i < n; i++)
		add_option(page, command, options[i]);
	return EXIT_DONE;
}

static int run_help(struct cli *cli, int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;
	struct page *page = &cli->out;

	if (command)
		return describe(command, page);
	if (argc > 1) {
		(void)fprintf(stderr, "constable: no command of that name; see 'constable help'\n");
		return EXIT_WRONG_USE;
	}
	page_add(page, STYLE_STRONG, "usage: constable [--SETTING VALUE...] COMMAND [ARGUMENTS]");
	page_end(page);
	page_end(page);
	page_add(page, STYLE_PLAIN, "Finds out what is wrong with this host, and proves it.");
	page_end(page);
	page_end(page);
	for (const struct command *const *at = commands; *at; at++) {
		page_add(page, STYLE_NAME, "  %-17s", (*at)->name);
		page_add(page, STYLE_PLAIN, "%s", (*at)->summary);
		page_end(page);
	}
	page_end(page);
	page_lines(page,
		   "'constable help COMMAND' says more, 'constable config' lists the settings.\n"
		   "Begin with: constable ask why is this host slow\n");
	return EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "What the commands do",
	.run = run_help,
	.state = COMMAND_WITHOUT_STATE,
};

static int run_version(struct cli *cli UNUSED, int argc UNUSED, char **argv UNUSED)
{
	(void)printf("constable %s\n", CONSTABLE_VERSION);
	return EXIT_DONE;
}

const struct command command_version = {
	.name = "version",
	.usage = "",
	.summary = "Which version this is",
	.run = run_version,
	.state = COMMAND_WITHOUT_STATE,
};
