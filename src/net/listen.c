#include "net/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"

#define BACKLOG 4096 /* capped by the kernel: a storm waits here, not for retransmissions */

union address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static socklen_t read_address(const char *text, uint16_t port, union address *address)
{
	*address = (union address) { 0 };
	if (inet_pton(AF_INET, text, &address->ipv4.sin_addr) == 1) {
		address->ipv4.sin_family = AF_INET;
		address->ipv4.sin_port = htons(port);
		return sizeof(address->ipv4);
	}
	if (inet_pton(AF_INET6, text, &address->ipv6.sin6_addr) == 1) {
		address->ipv6.sin6_family = AF_INET6;
		address->ipv6.sin6_port = htons(port);
		return sizeof(address->ipv6);
	}
	return 0;
}

int listen_open(const char *address, uint16_t port, struct error *err)
{
	CLEANUP(fd) int fd = -1;
	const int on = 1, off = 0;
	union address at;
	socklen_t len = read_address(address, port, &at);

	if (!len)
		return error_set(err, -EINVAL, "'%s' is no address", address);
	fd = socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return error_errno(err, "make a socket for %s", address);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* Connections inherit it; with Nagle a handshake waits 40 ms for an acknowledgement. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (at.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	if (bind(fd, &at.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return error_errno(err, "listen on %s port %u", address, port);
	return fd_take(&fd);
}

uint16_t listen_port(int fd)
{
	union address at = { 0 };
	socklen_t len = sizeof(at);

	if (getsockname(fd, &at.any, &len) < 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.ipv6.sin6_port : at.ipv4.sin_port);
}
