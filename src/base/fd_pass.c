#include "base/fd_pass.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

int fd_pass(int socket, int64_t value, int fd)
{
	char room[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec part = { &value, sizeof(value) };
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
	return sendmsg(socket, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int take_descriptor(struct msghdr *message)
{
	struct cmsghdr *part = CMSG_FIRSTHDR(message);
	int fd = -1;

	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS &&
	    part->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(part), sizeof(fd));
	return fd;
}

int fd_pass_receive(int socket, int timeout_ms, int64_t *value_out, int *fd_out)
{
	char room[CMSG_SPACE(sizeof(int))] = "";
	int64_t value;
	struct iovec part = { &value, sizeof(value) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	struct pollfd ready = { .fd = socket, .events = POLLIN };
	int r;

	do
		r = poll(&ready, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r != 1 || recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof(value)) {
		(void)shutdown(socket, SHUT_RDWR);
		return -EPIPE;
	}
	*value_out = value;
	*fd_out = take_descriptor(&message);
	return 0;
}
