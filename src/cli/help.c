/* constable help [COMMAND], constable version */
#include <stdio.h>

#include "cli/commands.h"

static int describe(const struct command *command)
{
	(void)printf("usage: constable %s %s\n\n%s.\n", command->name, command->usage,
		     command->summary);
	if (command->help)
		(void)printf("\n%s", command->help);
	return EXIT_DONE;
}

static int run_help(struct cli *cli UNUSED, int argc, char **argv)
{
	const struct command *command = argc > 1 ? command_find(argv[1]) : NULL;

	if (command)
		return describe(command);
	if (argc > 1) {
		(void)fprintf(stderr, "constable: no command named '%s'\n", argv[1]);
		return EXIT_WRONG_USE;
	}
	(void)printf("usage: constable COMMAND [ARGUMENTS]\n\n"
		     "Finds out what is wrong with this host, and proves it.\n\n");
	for (const struct command *const *at = commands; *at; at++)
		(void)printf("  %-10s %s\n", (*at)->name, (*at)->summary);
	(void)printf("\n'constable help COMMAND' says more. "
		     "Begin with: constable ask \"why is this host slow?\"\n");
	return EXIT_DONE;
}

const struct command command_help = {
	.name = "help",
	.usage = "[COMMAND]",
	.summary = "What the commands do",
	.run = run_help,
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
};
