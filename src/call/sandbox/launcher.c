#include "call/sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/sandbox/serve_internal.h"

int launcher_start(struct launcher *launcher, const struct launcher_config *config,
		   struct error *err)
{
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make the launcher's socket");
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		serve_run(ends[1], config);
	}
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_errno(err, "fork the launcher");
	}
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, "set up the launcher's socket");
	*launcher = (struct launcher) { .fd = ends[0], .pid = pid };
	return 0;
}

void launcher_finish(struct launcher *launcher)
{
	if (launcher->pid <= 0)
		return;
	fd_close(&launcher->fd);
	while (waitpid(launcher->pid, NULL, 0) < 0 && errno == EINTR)
		;
	launcher->pid = 0;
}

int launcher_send(const struct launcher *launcher, const struct launch_record *record,
		  const int fds[3], struct error *err)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control = { 0 };
	struct iovec piece = { .iov_base = (void *)record, .iov_len = sizeof(*record) };
	struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1 };
	ssize_t sent;

	if (fds) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(3 * sizeof(int));
		memcpy(CMSG_DATA(&control.header), fds, 3 * sizeof(int));
	}
	do
		sent = sendmsg(launcher->fd, &message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return error_errno(err, "hand the job to the launcher");
	return 0;
}

int launcher_receive(const struct launcher *launcher, struct launch_outcome *outcome_out)
{
	struct launch_outcome outcome;
	ssize_t got;

	do
		got = recv(launcher->fd, &outcome, sizeof(outcome), 0);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	if (got != sizeof(outcome))
		return -EPIPE;
	*outcome_out = outcome;
	return 0;
}
