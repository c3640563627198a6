#include "tools/web/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

static char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
};

static int start(char *const argv[], int output_fd, pid_t *pid_out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawnattr_init(&attributes);
	if (r != 0)
		return -r;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
	/* A group of its own, so that whatever it starts ends with it. */
	if (r == 0)
		r = posix_spawnattr_setpgroup(&attributes, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	if (r == 0)
		r = posix_spawn(pid_out, argv[0], &actions, &attributes, argv, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Until the other end is closed or the deadline; what exceeds the buffer is dropped. */
static int drain(int fd, uint64_t deadline_ns, struct buf *output)
{
	char chunk[4096];

	for (;;) {
		struct pollfd poller = { .fd = fd, .events = POLLIN };
		uint64_t now_ns = clock_monotonic_ns();
		ssize_t n;

		if (now_ns >= deadline_ns)
			return -ETIMEDOUT;
		if (poll(&poller, 1, (int)((deadline_ns - now_ns) / NS_PER_MS) + 1) < 0 &&
		    errno != EINTR)
			return -errno;
		if (!poller.revents)
			continue;
		n = read(fd, chunk, sizeof(chunk));
		if (n == 0)
			return 0;
		if (n > 0)
			buf_add(output, chunk, (size_t)n);
		else if (errno != EINTR)
			return -errno;
	}
}

int command_run(char *const argv[], uint64_t deadline_ns, struct buf *output, struct error *err)
{
	CLEANUP(fd) int ours = -1;
	CLEANUP(fd) int theirs = -1;
	int ends[2], status = 0, r, drained;
	pid_t pid = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, "make a pipe");
	ours = ends[0];
	theirs = ends[1];
	r = start(argv, theirs, &pid);
	if (r < 0)
		return error_set(err, r, "run %s: %s", argv[0], strerrordesc_np(-r));
	fd_close(&theirs);
	drained = drain(ours, deadline_ns, output);
	(void)kill(-pid, SIGKILL); /* it has ended, or must */
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (drained < 0)
		return error_set(err, drained, "%s did not end in time", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
