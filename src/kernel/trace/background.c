#include "kernel/trace/background_internal.h"

#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

/* The last is the socket's own other end. */
static int throw_away(int socket, const int *fds, unsigned n)
{
	union {
		char bytes[CMSG_SPACE((BACKGROUND_MAX + 1) * sizeof(int))];
		struct cmsghdr head;
	} control = { 0 };
	struct iovec nothing = { .iov_base = "", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &nothing,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};

	control.head = (struct cmsghdr) {
		.cmsg_level = SOL_SOCKET,
		.cmsg_type = SCM_RIGHTS,
		.cmsg_len = CMSG_LEN(n * sizeof(int)),
	};
	memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -1 : 0;
}

void background_close(int *fds, unsigned n)
{
	int ends[2] = { -1, -1 }, all[BACKGROUND_MAX + 1];

	if (n && n <= BACKGROUND_MAX &&
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0) {
		memcpy(all, fds, n * sizeof(*fds));
		all[n] = ends[1];
		/* If it cannot be sent, the closing below takes its time. */
		(void)throw_away(ends[0], all, n + 1);
	}
	for (unsigned i = 0; i < n; i++)
		fd_close(&fds[i]);
	/* The kernel looks when the first of them goes, and the other must be nobody's by then. */
	fd_close(&ends[1]);
	fd_close(&ends[0]);
}
