#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/fd.h"
#include "tools/network/connect.h"
#include "warden/prober.h"

#define COOKIE_BYTES 16

/* The header is the same for both families but for its numbers. */
struct echo {
	uint8_t type, code;
	uint16_t sum, id, number;
	uint8_t cookie[COOKIE_BYTES];
};

static uint16_t sum_of(const struct echo *echo)
{
	const uint8_t *bytes = (const uint8_t *)echo;
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < sizeof(*echo); i += 2)
		sum += (uint32_t)bytes[i] << 8 | bytes[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

/* One that everybody may send, where this host lets them; else the one that we were given, which
 * gets every such message of this host. */
static int open_socket(const struct attempt *attempt, int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);

	return fd >= 0 ? fd : dup(family == AF_INET ? attempt->echo4 : attempt->echo6);
}

/* The cookie is nobody else's guess. A raw socket of IPv4 gives the header before it. */
static bool is_reply(const uint8_t *bytes, size_t len, const struct echo *sent, int family)
{
	struct echo got;
	size_t skip = family == AF_INET && len && bytes[0] >> 4 == 4 ? (bytes[0] & 0xfU) * 4 : 0;

	if (len < skip + sizeof(got))
		return false;
	memcpy(&got, bytes + skip, sizeof(got));
	return got.type == (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY) &&
	       memcmp(got.cookie, sent->cookie, COOKIE_BYTES) == 0;
}

static int await(struct attempt *attempt, int fd, const struct echo *sent, int family)
{
	uint8_t bytes[1024];
	ssize_t n;

	while (connect_wait(fd, POLLIN, attempt->until_ns) == 0) {
		n = recv(fd, bytes, sizeof(bytes), 0);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return prober_fail(attempt, "%s", strerrordesc_np(errno));
		if (n > 0 && is_reply(bytes, (size_t)n, sent, family))
			return 0;
	}
	return prober_fail(attempt, "no echo came back");
}

static int send_echo(struct attempt *attempt, const struct addrinfo *to)
{
	CLEANUP(fd) int fd = open_socket(attempt, to->ai_family);
	struct echo echo = { .type = to->ai_family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST };

	if (fd < 0 || getrandom(echo.cookie, sizeof(echo.cookie), 0) != sizeof(echo.cookie))
		return prober_fail(attempt, "this host lets us send no echo");
	memcpy(&echo.id, echo.cookie, sizeof(echo.id));
	echo.sum = sum_of(&echo);
	if (sendto(fd, &echo, sizeof(echo), MSG_NOSIGNAL, to->ai_addr, to->ai_addrlen) !=
	    sizeof(echo))
		return prober_fail(attempt, "%s",
				   errno == ENOTSOCK ? "this host lets us send no echo"
						     : strerrordesc_np(errno));
	return await(attempt, fd, &echo, to->ai_family);
}

int prober_echo(struct attempt *attempt)
{
	struct addrinfo *list = prober_resolve(attempt, SOCK_DGRAM);
	int r;

	if (!list)
		return -1;
	r = send_echo(attempt, list);
	freeaddrinfo(list);
	return r;
}
