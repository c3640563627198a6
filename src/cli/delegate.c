/* The commands of cli/fleet.h where nothing speaks to a network: another executable does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fleet.h"

/* argv[0] is theirs to ignore. Settings go along as variables (settings_export()). */
static int hand_over(const struct cli *cli, const char *program, char **argv)
{
	struct error err = { 0 };
	char path[4096];

	text_format(path, sizeof(path), "%s/%s", cli->executables, program);
	(void)execv(path, argv);
	error_errno(&err, "start '%s'", path);
	return command_failed(&err);
}

/* "constable-remote COMMAND ..." */
static int hand_to_remote(const struct cli *cli, int argc, char **argv)
{
	char **words = calloc((size_t)argc + 2, sizeof(*words));

	if (!words)
		abort();
	words[0] = (char *)"constable-remote";
	memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
	return hand_over(cli, words[0], words);
}

int fleet_run(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool is_run = strcmp(verb, "run") == 0;

	if (strcmp(argv[0], "agent") == 0 && is_run)
		return hand_over(cli, "constable-agent", argv + 1);
	if (strcmp(argv[0], "server") != 0)
		return hand_to_remote(cli, argc, argv);
	if (is_run || strcmp(verb, "backup") == 0)
		return hand_over(cli, "constable-server", argv);
	return command_misused(&command_server);
}
