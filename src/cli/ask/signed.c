#include "cli/ask/signed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/fleet.h"

/* It hands over to the program that speaks to the server. */
static bool run(const struct cli *cli, int argc, char **argv, const char *errors)
{
	int status = 0, fd;
	pid_t pid = fork();

	if (pid == 0) {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0 ||
		    (!errors && dup2(fd, STDERR_FILENO) < 0))
			_exit(EXIT_FAILED);
		_exit(fleet_run((struct cli *)(uintptr_t)cli, argc, argv));
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE;
}

bool signed_may(const struct cli *cli, const char *call)
{
	char *words[] = { "approval", "sign", (char *)(uintptr_t)call, "--offer", "--may", NULL };

	return run(cli, 5, words, NULL);
}

bool signed_give(const struct cli *cli, const char *call, const char *tool, const char *args_sha256)
{
	char *words[] = { "approval",
			  "sign",
			  (char *)(uintptr_t)call,
			  "--yes",
			  "--tool",
			  (char *)(uintptr_t)tool,
			  "--hash",
			  (char *)(uintptr_t)args_sha256,
			  NULL };

	return run(cli, 8, words, "shown");
}
