#include "server/store/child_internal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define MAX_VARIABLES 64

/* Where libpq finds certificates and a password file, and nothing that is ours. */
static void choose_environment(char *chosen[MAX_VARIABLES + 1])
{
	size_t n = 0;

	for (char **variable = environ; *variable && n < MAX_VARIABLES; variable++)
		if (strncmp(*variable, "PG", 2) == 0 || strncmp(*variable, "HOME=", 5) == 0)
			chosen[n++] = *variable;
	chosen[n] = NULL;
}

static int spawn(pid_t *pid_out, const char *path, int fd)
{
	char *environment[MAX_VARIABLES + 1];
	char name[] = "constable-store";
	char *const argv[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	choose_environment(environment);
	r = posix_spawn_file_actions_adddup2(&actions, fd, STDIN_FILENO);
	if (r == 0)
		r = posix_spawn(pid_out, path, &actions, NULL, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	return -r;
}

int child_start(struct child *child, struct event_base *base, const char *executables,
		struct error *err)
{
	CLEANUP(text) char *path = NULL;
	CLEANUP(fd) int ours = -1;
	CLEANUP(fd) int its = -1;
	int ends[2], r;

	if (asprintf(&path, "%s/constable-store", executables) < 0)
		abort();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	ours = ends[0];
	its = ends[1];
	if (evutil_make_socket_nonblocking(ours) < 0)
		return error_errno(err, "make a socket not block");
	r = spawn(&child->pid, path, its);
	if (r < 0) {
		child->pid = 0;
		return error_set(err, r, "start '%s': %s", path, strerrordesc_np(-r));
	}
	child->stream = bufferevent_socket_new(base, fd_take(&ours), BEV_OPT_CLOSE_ON_FREE);
	if (!child->stream)
		abort();
	return 0;
}

static void close_stream(struct child *child)
{
	if (child->stream)
		bufferevent_free(child->stream);
	child->stream = NULL;
}

void child_kill(struct child *child)
{
	close_stream(child);
	if (child->pid > 0)
		(void)kill(child->pid, SIGKILL);
}

bool child_reap(struct child *child)
{
	if (child->pid > 0 && waitpid(child->pid, NULL, WNOHANG) == 0)
		return false;
	child->pid = 0;
	return true;
}

/* Reads, so that it does not wait for us, until it has closed its end. */
static void drain(int fd, uint64_t patience_ns)
{
	uint64_t end_ns = clock_monotonic_ns() + patience_ns, now_ns = clock_monotonic_ns();
	char bytes[4096];

	(void)shutdown(fd, SHUT_WR);
	for (; now_ns < end_ns; now_ns = clock_monotonic_ns()) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		ssize_t n;

		if (poll(&poll_fd, 1, (int)((end_ns - now_ns) / NS_PER_MS + 1)) <= 0)
			continue;
		n = read(fd, bytes, sizeof(bytes));
		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			return;
	}
}

/* The socket closes while it exits, so the last wait is short. */
void child_finish(struct child *child, uint64_t patience_ns)
{
	if (child->stream)
		drain(bufferevent_getfd(child->stream), patience_ns);
	child_kill(child);
	if (child->pid > 0)
		(void)waitpid(child->pid, NULL, 0);
	child->pid = 0;
}
