#include "warden/prober.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tools/network/connect.h"
#include "tools/network/dns_probe.h"

#define DNS_PORT 53

int prober_fail(struct attempt *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(attempt->error, sizeof(attempt->error), format, args);
	va_end(args);
	return -1;
}

/* Last, in an address of IPv6, is one of IPv4: ::/96, which ::1 and :: are of too, ::ffff:0:0/96 or
 * 64:ff9b::/96. */
static bool has_v4(const struct in6_addr *address)
{
	static const uint8_t prefixes[][12] = {
		{ 0 },
		{ [10] = 0xff, 0xff },
		{ 0, 0x64, 0xff, 0x9b },
	};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (memcmp(address->s6_addr, prefixes[i], sizeof(prefixes[i])) == 0)
			return true;
	return false;
}

/* Where clouds have it beside the addresses of the link: fd00:ec2::254, fd20:ce::254. */
static bool is_metadata(const struct in6_addr *address)
{
	static const struct in6_addr known[] = {
		{ .s6_addr = { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54 } },
		{ .s6_addr = { 0xfd, 0x20, 0, 0xce, [14] = 0x02, 0x54 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (IN6_ARE_ADDR_EQUAL(address, &known[i]))
			return true;
	return false;
}

/* Whoever answers for a name could point it at what only this host can reach: what listens for
 * itself alone, or the metadata of its cloud. */
static bool is_near(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uint32_t bits;

	if (address->sa_family == AF_INET6 && !has_v4(&v6->sin6_addr))
		return IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ||
		       IN6_IS_ADDR_MULTICAST(&v6->sin6_addr) || is_metadata(&v6->sin6_addr);
	if (address->sa_family == AF_INET6)
		memcpy(&bits, &v6->sin6_addr.s6_addr[12], sizeof(bits));
	else
		bits = v4->sin_addr.s_addr;
	bits = ntohl(bits);
	/* 169.254/16, 224/3, 0/8, 127/8, and 100.100.100.200. */
	return bits >> 16 == 0xa9fe || bits >> 28 >= 0xe || bits >> 24 == 0 || bits >> 24 == 0x7f ||
	       bits == 0x646464c8;
}

struct addrinfo *prober_resolve(struct attempt *attempt, int socket_type)
{
	struct addrinfo hints = { .ai_socktype = socket_type, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list = NULL;
	char port[8];
	int r;

	(void)snprintf(port, sizeof(port), "%u", attempt->probe->port);
	(void)setenv("RES_OPTIONS", "timeout:1 attempts:2", 1);
	r = getaddrinfo(attempt->probe->host, port, &hints, &list);
	if (r != 0) {
		(void)prober_fail(attempt, "the name is not known");
		return NULL;
	}
	if (attempt->probe->kind == PROBE_DNS || probe_has_address(attempt->probe))
		return list;
	for (const struct addrinfo *at = list; at; at = at->ai_next) {
		if (!is_near(at->ai_addr))
			continue;
		(void)prober_fail(attempt, "the name leads to this host or its link");
		freeaddrinfo(list);
		return NULL;
	}
	return list;
}

int prober_connect(struct attempt *attempt)
{
	struct addrinfo *list = prober_resolve(attempt, SOCK_STREAM);
	struct connect_attempt one = { .fd = -1, .verdict = CONNECT_TIMEOUT };
	uint64_t now_ns, left = 0;

	for (const struct addrinfo *at = list; at; at = at->ai_next)
		left++;
	/* One that does not answer leaves the others their part of the time. */
	for (const struct addrinfo *at = list; at && one.fd < 0; at = at->ai_next) {
		now_ns = clock_monotonic_ns();
		if (now_ns >= attempt->until_ns)
			break;
		connect_try(at->ai_addr, at->ai_addrlen, (attempt->until_ns - now_ns) / left--,
			    &one);
	}
	if (list) {
		freeaddrinfo(list);
		if (one.fd < 0)
			(void)prober_fail(attempt, "%s",
					  one.code ? strerrordesc_np(one.code)
						   : connect_verdict_name(one.verdict));
	}
	return one.fd;
}

static int try_tcp(struct attempt *attempt)
{
	CLEANUP(fd) int fd = prober_connect(attempt);

	return fd < 0 ? -1 : 0;
}

static int try_dns(struct attempt *attempt)
{
	struct dns_probe server = { .fd = -1 };
	struct addrinfo *list;
	bool has_address;

	if (!attempt->probe->server[0]) {
		list = prober_resolve(attempt, SOCK_STREAM);
		if (!list)
			return -1;
		freeaddrinfo(list);
		return 0;
	}
	if (!dns_probe_set(&server, attempt->probe->server, DNS_PORT))
		return prober_fail(attempt, "the server's address cannot be used");
	dns_probe_all(&server, 1, attempt->probe->host, DNS_A,
		      attempt->until_ns - clock_monotonic_ns());
	has_address = json_array_size(server.records) > 0;
	dns_probe_finish(&server, 1);
	if (server.verdict != DNS_OK)
		return prober_fail(attempt, "%s", dns_verdict_name(server.verdict));
	return has_address ? 0 : prober_fail(attempt, "the name has no address");
}

int prober_try(struct attempt *attempt)
{
	static int (*const tries[PROBE_N_KINDS])(struct attempt *) = {
		[PROBE_TCP] = try_tcp, [PROBE_HTTP] = prober_http, [PROBE_HTTPS] = prober_http,
		[PROBE_DNS] = try_dns, [PROBE_ICMP] = prober_echo,
	};

	if (tries[attempt->probe->kind](attempt) < 0)
		return -1;
	return clock_monotonic_ns() > attempt->until_ns ? prober_fail(attempt, PROBER_TOO_LONG) : 0;
}
