/* The commands of cli/fleet.h where nothing speaks to a network: another executable does. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/fleet.h"
#include "cli/option.h"
#include "cli/own_folder.h"

#define OWN_MAX_WORDS 64 /* of agent run */

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

static const struct option_row *find_option(const char *word)
{
	/* Of "agent run" and not the agent's own, which come from its settings. */
	static const struct option_row rows[] = { { "--provision", OPTION_SET, NULL },
						  { "--provisioning-token", OPTION_TEXT, NULL },
						  { 0 } };
	const struct option_row *row = rows;

	while (row->name && strcmp(row->name, word) != 0)
		row++;
	return row->name ? row : NULL;
}

/* What "agent run --provision ..." has to say of the enrolment; the rest stays. */
static int take_provision_words(int *argc, char **argv, char **words)
{
	int n = 0, kept = 0;

	for (int i = 0; i < *argc; i++) {
		const struct option_row *row = find_option(argv[i]);

		if (!row || (row->type == OPTION_TEXT && i + 1 == *argc)) {
			argv[kept++] = argv[i];
		} else if (row->type == OPTION_TEXT) {
			words[n++] = argv[i++];
			words[n++] = argv[i];
		}
	}
	argv[kept] = NULL;
	*argc = kept;
	return n;
}

/* Enrols this host first, if it is not; then nothing of the token is left in our arguments. */
static int provision_first(const struct cli *cli, int *argc, char **argv)
{
	char *words[2 * OWN_MAX_WORDS + 2] = { (char *)"provision" };
	struct error err = { 0 };
	int status = 0, n;
	pid_t pid;

	if (*argc > OWN_MAX_WORDS)
		return command_misused(&command_agent);
	n = 1 + take_provision_words(argc, argv, words + 1);
	pid = fork();
	if (pid < 0) {
		error_errno(&err, "start the enrolment");
		return command_failed(&err);
	}
	if (pid == 0)
		_exit(hand_to_remote(cli, n, words));
	for (int i = 2; i < n; i += 2)
		explicit_bzero(words[i], strlen(words[i]));
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
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

/* The org's are the server's. */
static bool is_skill_here(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";

	return strcmp(argv[0], "skill") == 0 && strcmp(verb, "set") != 0 &&
	       strcmp(verb, "remove") != 0 && !has_word(argc, argv, "--org");
}

int fleet_run(struct cli *cli, int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	bool is_run = strcmp(verb, "run") == 0;

	if (is_approval_here(cli, argc, argv))
		return approval_here(cli, argc, argv);
	if (is_skill_here(argc, argv))
		return skill_here(cli, argc, argv);
	if (strcmp(argv[0], "audit") == 0 && strcmp(verb, "list") != 0)
		return audit_here(cli, argc, argv);

	if (strcmp(argv[0], "agent") == 0 && is_run) {
		int status = has_word(argc, argv, "--provision") ? provision_first(cli, &argc, argv)
								 : EXIT_DONE;

		return status == EXIT_DONE ? hand_over(cli, "constable-agent", argv + 1) : status;
	}
	if (strcmp(argv[0], "server") != 0)
		return hand_to_remote(cli, argc, argv);
	if (is_run || strcmp(verb, "backup") == 0)
		return hand_over(cli, "constable-server", argv);
	return command_misused(&command_server);
}
