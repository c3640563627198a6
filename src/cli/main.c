/* constable: dispatches to its commands. */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/commands.h"

#define PATH_BYTES 4096

struct paths {
	char executables[PATH_BYTES];
	char knowledge[PATH_BYTES];
	char state[PATH_BYTES];
};

/* The folder this program lies in: a build tree, or the installed bin/. */
static void find_own_folder(char *folder, size_t size)
{
	ssize_t len = readlink("/proc/self/exe", folder, size - 1);
	char *slash;

	folder[len < 0 ? 0 : len] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
}

static void find_siblings(struct paths *paths)
{
	char folder[PATH_BYTES - 64], probe[PATH_BYTES];

	find_own_folder(folder, sizeof(folder));
	(void)snprintf(probe, sizeof(probe), "%s/constable-warden", folder);
	if (access(probe, X_OK) == 0) {
		(void)snprintf(paths->executables, PATH_BYTES, "%s", folder);
		(void)snprintf(paths->knowledge, PATH_BYTES, "%s/../knowledge", folder);
		return;
	}
	(void)snprintf(paths->executables, PATH_BYTES, "%s/../libexec/constable", folder);
	(void)snprintf(paths->knowledge, PATH_BYTES, "%s/../share/constable/knowledge", folder);
}

/* CONSTABLE_STATE_DIR, else /var/lib/constable as root, else the XDG state folder. */
static void find_state(struct paths *paths)
{
	const char *given = getenv("CONSTABLE_STATE_DIR");
	const char *xdg = getenv("XDG_STATE_HOME");
	const struct passwd *user = getpwuid(geteuid());
	const char *home = user ? user->pw_dir : "/tmp";

	if (given)
		(void)snprintf(paths->state, PATH_BYTES, "%s", given);
	else if (geteuid() == 0)
		(void)snprintf(paths->state, PATH_BYTES, "/var/lib/constable");
	else if (xdg)
		(void)snprintf(paths->state, PATH_BYTES, "%s/constable", xdg);
	else
		(void)snprintf(paths->state, PATH_BYTES, "%s/.local/state/constable",
			       getenv("HOME") ? getenv("HOME") : home);
}

/* As mkdir -p, the last folder private to us. */
static void make_folders(char *path)
{
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0755); /* the last mkdir tells what went wrong */
		*at = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		(void)fprintf(stderr, "constable: cannot make '%s': %s; set CONSTABLE_STATE_DIR\n",
			      path, strerrordesc_np(errno));
}

static const struct command *choose(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return &command_help;
	if (strcmp(argv[1], "--version") == 0)
		return &command_version;
	return command_find(argv[1]);
}

int main(int argc, char **argv)
{
	static struct paths paths;
	struct cli cli = {
		.executables = paths.executables,
		.knowledge = paths.knowledge,
		.state = paths.state,
		.socket = getenv("CONSTABLE_SOCKET"),
		.policy = getenv("CONSTABLE_POLICY"),
	};
	const struct command *command = choose(argc, argv);

	log_set("constable", LOG_LEVEL_WARN);
	(void)signal(SIGPIPE, SIG_IGN);
	if (!cli.socket)
		cli.socket = "/run/constable/warden.sock";
	if (!command) {
		(void)fprintf(stderr, "constable: no command named '%s'; see 'constable help'\n",
			      argv[1]);
		return EXIT_WRONG_USE;
	}
	if (command == &command_help && argc > 1 && argv[1][0] == '-')
		return command->run(&cli, 1, argv);
	if (argc > 2 && strcmp(argv[2], "--help") == 0)
		return command_help.run(&cli, 2, argv);
	find_siblings(&paths);
	find_state(&paths);
	make_folders(paths.state);
	return argc > 1 ? command->run(&cli, argc - 1, argv + 1) : command->run(&cli, 1, argv);
}
