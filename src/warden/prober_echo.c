#include <errno.h>
#include <fcntl.h>
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
#include "base/clock.h"
#include "base/fd.h"
#include "warden/prober.h"

/* The header is the same for both families but for its numbers. */
struct echo {
	uint8_t type, code;
	uint16_t sum, id, number;
	uint8_t cookie[PROBER_COOKIE_BYTES];
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

	return fd >= 0 ? fd
		       : dup(family == AF_INET ? attempt->echoes->raw4 : attempt->echoes->raw6);
}

int prober_expect(struct echoes *echoes, size_t n)
{
	for (; echoes->n < n; echoes->n++) {
		struct expected *expected = &echoes->expected[echoes->n];
		int ends[2];

		if (getrandom(expected->cookie, sizeof(expected->cookie), 0) !=
			    sizeof(expected->cookie) ||
		    pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
			prober_expect_no_more(echoes);
			return -EAGAIN;
		}
		expected->told = ends[0];
		expected->tells = ends[1];
	}
	return 0;
}

void prober_expect_no_more(struct echoes *echoes)
{
	for (; echoes->n; echoes->n--) {
		fd_close(&echoes->expected[echoes->n - 1].told);
		fd_close(&echoes->expected[echoes->n - 1].tells);
	}
}

/* Tells whoever expects it, if it is an echo. The cookie is nobody else's guess. A raw socket of
 * IPv4 gives the header before it. */
static void tell(const struct echoes *echoes, const uint8_t *bytes, size_t len, int family)
{
	struct echo got;
	size_t skip = family == AF_INET && len && bytes[0] >> 4 == 4 ? (bytes[0] & 0xfU) * 4 : 0;

	if (len < skip + sizeof(got))
		return;
	memcpy(&got, bytes + skip, sizeof(got));
	if (got.type != (family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY))
		return;
	for (size_t i = 0; i < echoes->n; i++)
		if (memcmp(got.cookie, echoes->expected[i].cookie, sizeof(got.cookie)) == 0)
			(void)!write(echoes->expected[i].tells, "", 1);
}

/* Reads for all until it is told, by itself or by another. */
static int await(struct attempt *attempt, int fd, int family)
{
	struct pollfd waits[] = {
		{ .fd = attempt->echoes->expected[attempt->number].told, .events = POLLIN },
		{ .fd = fd, .events = POLLIN },
	};
	uint8_t bytes[1024];
	uint64_t now_ns;
	ssize_t n;

	while ((now_ns = clock_monotonic_ns()) < attempt->until_ns) {
		(void)poll(waits, ARRAY_LEN(waits),
			   (int)((attempt->until_ns - now_ns) / NS_PER_MS) + 1);
		if (waits[0].revents)
			return 0;
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return prober_fail(attempt, "%s", strerrordesc_np(errno));
		if (n > 0)
			tell(attempt->echoes, bytes, (size_t)n, family);
	}
	return prober_fail(attempt, "no echo came back");
}

static int send_echo(struct attempt *attempt, const struct addrinfo *to)
{
	CLEANUP(fd) int fd = open_socket(attempt, to->ai_family);
	struct echo echo = { .type = to->ai_family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST };

	if (fd < 0)
		return prober_fail(attempt, "this host lets us send no echo");
	memcpy(echo.cookie, attempt->echoes->expected[attempt->number].cookie, sizeof(echo.cookie));
	memcpy(&echo.id, echo.cookie, sizeof(echo.id));
	echo.sum = sum_of(&echo);
	if (sendto(fd, &echo, sizeof(echo), MSG_NOSIGNAL, to->ai_addr, to->ai_addrlen) !=
	    sizeof(echo))
		return prober_fail(attempt, "%s",
				   errno == ENOTSOCK ? "this host lets us send no echo"
						     : strerrordesc_np(errno));
	return await(attempt, fd, to->ai_family);
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
