/* The commands of cli/fleet.h where nothing speaks to a network: another executable does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/fleet.h"
#include "cli/own_folder.h"

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

static bool has_word(int argc, char **argv, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], word) == 0)
			return true;
	return false;
}

static bool knows_server(const struct cli *cli)
{
	char path[OWN_PATH_BYTES];
	struct error none = { 0 };

	return *config_get(cli->config, "server")->text ||
	       (own_folder_path(OWN_CREDENTIALS, path, &none) == 0 && access(path, F_OK) == 0);
}

/* This host's own warden knows its approvals itself. */
static bool is_approval_here(const struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	if (strcmp(argv[0], "approval") != 0)
		return false;
	return strcmp(verb, "grant") == 0 || has_word(argc, argv, "--here") ||
	       (strcmp(verb, "list") == 0 && !knows_server(cli));
}

int fleet_run(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool is_run = strcmp(verb, "run") == 0;

	if (is_approval_here(cli, argc, argv))
		return approval_here(cli, argc, argv);
	if (strcmp(argv[0], "audit") == 0 && strcmp(verb, "list") != 0)
		return audit_here(cli, argc, argv);

	if (strcmp(argv[0], "agent") == 0 && is_run)
		return hand_over(cli, "constable-agent", argv + 1);
	if (strcmp(argv[0], "server") != 0)
		return hand_to_remote(cli, argc, argv);
	if (is_run || strcmp(verb, "backup") == 0)
		return hand_over(cli, "constable-server", argv);
	return command_misused(&command_server);
}
