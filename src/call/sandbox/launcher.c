#include "call/sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/serve_internal.h"

#define FINISH_NS (10 * NS_PER_SEC)
#define LOOK_MS 10

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
	*launcher = (struct launcher) {
		.fd = ends[0],
		.pid = pid,
		.pidfd = (int)syscall(SYS_pidfd_open, pid, 0),
	};
	return 0;
}

static bool has_ended(const struct launcher *launcher)
{
	return waitpid(launcher->pid, NULL, WNOHANG) != 0;
}

/* Without a descriptor of it there is only looking now and then. */
static void await_end(const struct launcher *launcher, uint64_t until_ns)
{
	struct pollfd end = { .fd = launcher->pidfd, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();
	int left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0;

	(void)poll(&end, 1, launcher->pidfd < 0 && left_ms > LOOK_MS ? LOOK_MS : left_ms);
}

bool launcher_finish(struct launcher *launcher)
{
	uint64_t until_ns = clock_monotonic_ns() + FINISH_NS;
	bool is_over;

	if (launcher->pid <= 0)
		return true;
	fd_close(&launcher->fd);
	while (!(is_over = has_ended(launcher)) && clock_monotonic_ns() < until_ns)
		await_end(launcher, until_ns);
	if (launcher->pidfd > 0)
		fd_close(&launcher->pidfd);
	launcher->pid = 0;
	return is_over;
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
