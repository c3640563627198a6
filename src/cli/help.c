/* constable help [COMMAND], constable version */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

/* A page takes a line at a time: it would show a newline, not begin a line. */
static void add_usage(struct page *page, const struct command *command)
{
	const char *line = command->usage;
	size_t len = strcspn(line, "\n");

	page_add(page, STYLE_STRONG, "usage: constable %s %.*s", command->name, (int)len, line);
	page_end(page);
	while (line[len]) {
		line += len + 1;
		len = strcspn(line, "\n");
		page_add(page, STYLE_STRONG, "%.*s", (int)len, line);
		page_end(page);
	}
}

static int describe(const struct command *command, struct page *page)
{
	add_usage(page, command);
	page_end(page);
	page_add(page, STYLE_PLAIN, "%s.", command->summary);
	page_end(page);
	if (command->help) {
		page_end(page);
		page_lines(page, command->help);
	}
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
