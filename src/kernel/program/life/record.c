#include "kernel/program/life/record_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

int record_send(int socket, const struct guardian_record *record, int fd)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(fd))] = "";
	struct iovec part = { (void *)record, sizeof(*record) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *rights = (struct cmsghdr *)(void *)room;
	ssize_t n;

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
	do
		n = sendmsg(socket, &message, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*record) ? 0 : -EPIPE;
}

int record_receive(int socket, struct guardian_record *record_out, int *fd_out)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(int))] = "";
	struct iovec part = { record_out, sizeof(*record_out) };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = room,
				  .msg_controllen = sizeof(room) };
	const struct cmsghdr *rights;
	ssize_t n;

	*fd_out = -1;
	do
		n = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	rights = CMSG_FIRSTHDR(&message);
	if (n > 0 && rights && rights->cmsg_type == SCM_RIGHTS &&
	    rights->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(fd_out, CMSG_DATA(rights), sizeof(int));
	return n == (ssize_t)sizeof(*record_out) ? 0 : -EPIPE;
}
