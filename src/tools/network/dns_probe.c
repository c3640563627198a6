#include "tools/network/dns_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

#define MAX_PROBES 16
#define QUERY_MAX_BYTES 512
#define SENDINGS 2

struct query {
	uint8_t bytes[QUERY_MAX_BYTES + 2]; /* after two bytes that TCP puts before */
	size_t len;
	uint64_t start_ns, timeout_ns;
};

const char *dns_verdict_name(enum dns_verdict verdict)
{
	static const char *const names[] = { "ok",       "timeout",  "refused", "unreachable",
					     "servfail", "nxdomain", "broken" };

	return names[verdict];
}

bool dns_probe_set(struct dns_probe *probe, const char *address, uint16_t port)
{
	struct sockaddr_in *four = (struct sockaddr_in *)(void *)&probe->address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)(void *)&probe->address;
	char text[64];
	char *scope;

	*probe = (struct dns_probe) { .fd = -1 };
	(void)snprintf(text, sizeof(text), "%s", address);
	if (inet_pton(AF_INET, text, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(port);
		probe->n_address = sizeof(*four);
		return true;
	}
	scope = strchr(text, '%');
	if (scope)
		*scope++ = '\0';
	if (inet_pton(AF_INET6, text, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	six->sin6_port = htons(port);
	six->sin6_scope_id = scope ? if_nametoindex(scope) : 0;
	probe->n_address = sizeof(*six);
	return true;
}

static void end(struct dns_probe *probe, enum dns_verdict verdict, const char *error)
{
	probe->verdict = verdict;
	probe->is_done = true;
	probe->latency_ns = clock_monotonic_ns() - probe->sent_ns;
	(void)snprintf(probe->error, sizeof(probe->error), "%s", error);
	fd_close(&probe->fd);
}

static void end_errno(struct dns_probe *probe, int code)
{
	if (code == ECONNREFUSED)
		end(probe, DNS_REFUSED, "nothing listens there");
	else if (code == ENETUNREACH || code == EHOSTUNREACH || code == EADDRNOTAVAIL)
		end(probe, DNS_UNREACHABLE, strerrordesc_np(code));
	else
		end(probe, DNS_BROKEN, strerrordesc_np(code));
}

static void open_socket(struct dns_probe *probe, int type)
{
	fd_close(&probe->fd);
	probe->fd = socket(probe->address.ss_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	probe->is_connecting = type == SOCK_STREAM;
	if (probe->fd < 0 ||
	    (connect(probe->fd, (struct sockaddr *)&probe->address, probe->n_address) < 0 &&
	     errno != EINPROGRESS))
		end_errno(probe, errno);
}

static void send_udp(struct dns_probe *probe, const struct query *query)
{
	if (!probe->n_sent++)
		probe->sent_ns = clock_monotonic_ns();
	if (send(probe->fd, query->bytes + 2, query->len, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		end_errno(probe, errno);
}

static void set_id(const struct dns_probe *probe, struct query *query)
{
	query->bytes[2] = (uint8_t)(probe->id >> 8);
	query->bytes[3] = (uint8_t)probe->id;
}

static void judge(struct dns_probe *probe, struct dns_answer *answer)
{
	char code[16];

	probe->records = answer->records;
	if (answer->code == 0)
		end(probe, DNS_OK, "");
	else if (answer->code == 3)
		end(probe, DNS_NXDOMAIN, "");
	else if (answer->code == 5)
		end(probe, DNS_REFUSED, "the server answers REFUSED");
	else if (answer->code == 2)
		end(probe, DNS_SERVFAIL, "the server answers SERVFAIL");
	else
		end(probe, DNS_BROKEN, dns_code_name(answer->code, code));
}

static void take_message(struct dns_probe *probe, const uint8_t *bytes, size_t len)
{
	struct dns_answer answer = { 0 };
	int r = dns_answer_decode(bytes, len, probe->id, &answer);

	if (r == -EAGAIN)
		return;
	if (r < 0) {
		end(probe, DNS_BROKEN, "what came back is no DNS message");
	} else if (answer.is_truncated && !probe->used_tcp) {
		json_decref(answer.records);
		probe->used_tcp = true;
		open_socket(probe, SOCK_STREAM);
	} else {
		judge(probe, &answer);
	}
}

static void take_udp(struct dns_probe *probe)
{
	ssize_t n = recv(probe->fd, probe->answer, DNS_MESSAGE_MAX_BYTES, 0);

	if (n < 0 && errno != EAGAIN && errno != EINTR)
		end_errno(probe, errno);
	else if (n >= 0)
		take_message(probe, probe->answer, (size_t)n);
}

static void send_tcp(struct dns_probe *probe, const struct query *query)
{
	int code = 0;
	socklen_t len = sizeof(code);

	probe->is_connecting = false;
	if (getsockopt(probe->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0 || code)
		end_errno(probe, code ? code : errno);
	else if (send(probe->fd, query->bytes, query->len + 2, MSG_NOSIGNAL) !=
		 (ssize_t)query->len + 2)
		end(probe, DNS_BROKEN, "the server takes no query over TCP");
}

static void take_tcp(struct dns_probe *probe)
{
	ssize_t n = recv(probe->fd, probe->answer + probe->n_answer,
			 sizeof(probe->answer) - probe->n_answer, 0);
	size_t want;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end(probe, DNS_BROKEN, "the server closed the TCP connection");
		return;
	}
	probe->n_answer += (size_t)n;
	if (probe->n_answer < 2)
		return;
	want = (size_t)probe->answer[0] << 8 | probe->answer[1];
	if (want > DNS_MESSAGE_MAX_BYTES)
		end(probe, DNS_BROKEN, "the answer is too large");
	else if (probe->n_answer >= want + 2)
		take_message(probe, probe->answer + 2, want);
}

static void handle(struct dns_probe *probe, struct query *query)
{
	if (!probe->used_tcp) {
		take_udp(probe);
	} else if (probe->is_connecting) {
		set_id(probe, query);
		send_tcp(probe, query);
	} else {
		take_tcp(probe);
	}
}

static void begin(struct dns_probe *probe, struct query *query)
{
	if (getrandom(&probe->id, sizeof(probe->id), 0) < 0)
		probe->id = (uint16_t)clock_monotonic_ns();
	probe->sent_ns = clock_monotonic_ns();
	if (probe->address.ss_family == AF_UNSPEC) {
		end(probe, DNS_BROKEN, "not an address");
		return;
	}
	open_socket(probe, SOCK_DGRAM);
	set_id(probe, query);
	if (!probe->is_done)
		send_udp(probe, query);
}

static bool wait_once(struct dns_probe *probes, size_t n, struct query *query, uint64_t until_ns)
{
	struct pollfd waits[MAX_PROBES];
	uint64_t now = clock_monotonic_ns();
	bool is_any = false;

	for (size_t i = 0; i < n; i++) {
		waits[i] = (struct pollfd) { .fd = probes[i].is_done ? -1 : probes[i].fd,
					     .events = probes[i].is_connecting ? POLLOUT : POLLIN };
		is_any |= !probes[i].is_done;
	}
	if (!is_any || now >= until_ns)
		return false;
	if (poll(waits, n, (int)((until_ns - now) / NS_PER_MS) + 1) < 0)
		return errno == EINTR;
	for (size_t i = 0; i < n; i++)
		if (!probes[i].is_done && waits[i].revents)
			handle(&probes[i], query);
	return true;
}

void dns_probe_all(struct dns_probe *probes, size_t n, const char *name, enum dns_type type,
		   uint64_t timeout_ns)
{
	struct query query = { .timeout_ns = timeout_ns, .start_ns = clock_monotonic_ns() };
	ssize_t len = dns_query_encode(name, type, 0, query.bytes + 2, QUERY_MAX_BYTES);

	n = n < MAX_PROBES ? n : MAX_PROBES;
	query.len = len > 0 ? (size_t)len : 0;
	query.bytes[0] = (uint8_t)(query.len >> 8);
	query.bytes[1] = (uint8_t)query.len;
	for (size_t i = 0; i < n; i++)
		if (len > 0)
			begin(&probes[i], &query);
		else
			end(&probes[i], DNS_BROKEN, "the name is no domain name");
	/* One datagram may get lost on the way: half the time is for a second one. */
	for (unsigned sending = 1; sending <= SENDINGS; sending++) {
		uint64_t until_ns = query.start_ns + timeout_ns * sending / SENDINGS;

		while (wait_once(probes, n, &query, until_ns))
			;
		for (size_t i = 0; i < n && sending < SENDINGS; i++)
			if (!probes[i].is_done && !probes[i].used_tcp) {
				set_id(&probes[i], &query);
				send_udp(&probes[i], &query);
			}
	}
	for (size_t i = 0; i < n; i++)
		if (!probes[i].is_done)
			end(&probes[i], DNS_TIMEOUT, "no answer in time");
}

void dns_probe_finish(struct dns_probe *probes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (probes[i].fd >= 0)
			fd_close(&probes[i].fd);
		json_decref(probes[i].records);
		probes[i].records = NULL;
	}
}
