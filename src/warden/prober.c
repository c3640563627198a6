#include "warden/prober.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "tools/network/connect.h"
#include "tools/network/dns_probe.h"
#include "warden/near.h"

#define DNS_PORT 53

int prober_fail(struct attempt *attempt, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(attempt->error, sizeof(attempt->error), format, args);
	va_end(args);
	return -1;
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
		if (!near_is(at->ai_addr))
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
