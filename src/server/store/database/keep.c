#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "server/store/database/keep_internal.h"
#include "server/store/keeper.h"

/* With CLONE_PARENT it is the server's child: the server waits for it, and it dies with the
 * server. The program that it becomes is our own, also after an upgrade has replaced the file. */
static pid_t start(int its, int ours)
{
	static char name[] = "constable-store";
	char *const argv[] = { name, NULL };
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);

	if (pid != 0)
		return pid < 0 ? -errno : (pid_t)pid;
	(void)close(ours);
	if (dup2(its, STDIN_FILENO) == STDIN_FILENO)
		(void)execve("/proc/self/exe", argv, environ);
	_exit(127); /* which the server sees as the end of its socket */
}

static int answer(int server, int value, int fd)
{
	struct keeper_answer bytes = { value };
	char room[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec part = { &bytes, sizeof(bytes) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *rights = (struct cmsghdr *)(void *)room;

	if (fd >= 0) {
		message.msg_control = room;
		message.msg_controllen = sizeof(room);
		*rights = (struct cmsghdr) {
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(fd)),
		};
		memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
	}
	return sendmsg(server, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int handle_start(int server, pid_t *last)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return answer(server, -errno, -1);
	CLEANUP(fd) int ours = ends[0];
	CLEANUP(fd) int its = ends[1];

	*last = start(its, ours);
	return answer(server, *last, *last > 0 ? ours : -1);
}

/* The server has not waited for it yet, so the pid is no other's. */
static int handle_kill(int server, pid_t last)
{
	int r = last > 0 && kill(last, SIGKILL) < 0 ? -errno : 0;

	return answer(server, r, -1);
}

int keep(int server)
{
	pid_t last = 0;
	char letter;
	int r = 0;

	while (r == 0 && recv(server, &letter, 1, 0) == 1) {
		if (letter == KEEPER_START)
			r = handle_start(server, &last);
		else
			r = handle_kill(server, last);
	}
	return r;
}
