/* The starter's own side: forks, and remembers whom it may kill. */
#include "investigation/starter.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/fd_pass.h"

#define CHANNEL_FD 3

/* A pid may be another's once its process has ended; a pidfd is not. */
struct child {
	uint64_t id;
	int pidfd; /* -1: free */
};

struct brood {
	struct child children[STARTER_MAX_CHILDREN];
	unsigned n;
};

/* In the child: it dies with the starter, and holds its channel only. */
static int become_investigator(int channel, pid_t starter)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != starter)
		_exit(127);
	(void)prctl(PR_SET_NAME, "investigator", 0, 0, 0);
	if (channel == CHANNEL_FD ? false : dup2(channel, CHANNEL_FD) < 0)
		_exit(127);
	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	if (close_range(CHANNEL_FD + 1, ~0U, 0) < 0)
		_exit(127);
	return 1;
}

/* 1 in the child. */
static int begin(int owner, struct brood *brood, uint64_t id)
{
	pid_t self = getpid(), pid;
	int ends[2];

	if (brood->n == STARTER_MAX_CHILDREN)
		return fd_pass(owner, -EBUSY, -1);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fd_pass(owner, -errno, -1);
	CLEANUP(fd) int ours = ends[0];
	CLEANUP(fd) int its = ends[1];

	pid = fork();
	if (pid < 0)
		return fd_pass(owner, -errno, -1);
	if (pid == 0) {
		fd_close(&ours); /* which may be the number that the channel gets */
		return become_investigator(fd_take(&its), self);
	}
	/* Gone already: the owner sees it at the channel. */
	brood->children[brood->n++] = (struct child) {
		.id = id,
		.pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
	};
	return fd_pass(owner, 0, ours);
}

static void end(struct brood *brood, uint64_t id)
{
	for (unsigned i = 0; i < brood->n; i++) {
		struct child *child = &brood->children[i];

		if (child->id != id)
			continue;
		if (child->pidfd >= 0)
			(void)syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
		fd_close(&child->pidfd);
		*child = brood->children[--brood->n];
		return;
	}
}

int starter_say_ready(int owner, struct error *err)
{
	int r = fd_pass(owner, 0, -1);

	return r < 0 ? error_set(err, r, "nobody wants investigators") : 0;
}

int starter_serve(int owner, struct error *err)
{
	static struct brood brood;
	struct starter_request request;
	int r = 0;

	(void)signal(SIGCHLD, SIG_IGN); /* at which the kernel reaps */
	while (r == 0) {
		ssize_t n = recv(owner, &request, sizeof(request), 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n != sizeof(request))
			return 0;
		if (request.word == STARTER_BEGIN)
			r = begin(owner, &brood, request.id);
		else
			end(&brood, request.id);
	}
	return r < 0 ? error_set(err, r, "answer who wants investigators") : r;
}
