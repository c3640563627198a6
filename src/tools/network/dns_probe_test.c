#include "tools/network/dns_probe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

enum peer_manner {
	PEER_ANSWERS,
	PEER_SERVFAIL,
	PEER_NXDOMAIN,
	PEER_REFUSES,
	PEER_SILENT,
	PEER_LATE,   /* answers only the second datagram */
	PEER_FORGES, /* first under another id, then rightly */
	PEER_GARBAGE,
	PEER_TRUNCATES, /* over UDP; whole over TCP */
};

struct peer {
	pid_t pid;
	uint16_t port;
};

/* A server's answer to the query that stands in 'bytes'; its new length. */
static size_t answer(uint8_t *bytes, size_t len, uint8_t code, uint8_t flags)
{
	static const uint8_t record[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 7 };

	bytes[2] = 0x81 | flags;
	bytes[3] = 0x80 | code;
	if (code || flags)
		return len;
	bytes[7] = 1;
	memcpy(bytes + len, record, sizeof(record));
	return len + sizeof(record);
}

static void serve_udp(int fd, enum peer_manner manner, unsigned n)
{
	static const uint8_t codes[] = {
		[PEER_SERVFAIL] = 2, [PEER_NXDOMAIN] = 3, [PEER_REFUSES] = 5, [PEER_TRUNCATES] = 0
	};
	struct sockaddr_in from;
	socklen_t from_len = sizeof(from);
	uint8_t bytes[512];
	ssize_t len = recvfrom(fd, bytes, 256, 0, (struct sockaddr *)&from, &from_len);

	if (len < 12 || manner == PEER_SILENT || (manner == PEER_LATE && n == 0))
		return;
	if (manner == PEER_GARBAGE)
		memset(bytes + 2, 0xff, (size_t)len - 2);
	else
		len = (ssize_t)answer(bytes, (size_t)len, codes[manner],
				      manner == PEER_TRUNCATES ? 2 : 0);
	bytes[0] ^= manner == PEER_FORGES;
	(void)sendto(fd, bytes, (size_t)len, 0, (struct sockaddr *)&from, from_len);
	bytes[0] ^= manner == PEER_FORGES;
	if (manner == PEER_FORGES)
		(void)sendto(fd, bytes, (size_t)len, 0, (struct sockaddr *)&from, from_len);
}

static void serve_tcp(int listener)
{
	CLEANUP(fd) int fd = accept(listener, NULL, NULL);
	uint8_t bytes[512];
	size_t len;

	if (fd < 0 || fd_read_all(fd, bytes, 2) < 0)
		return;
	len = (size_t)bytes[0] << 8 | bytes[1];
	if (len > 256 || fd_read_all(fd, bytes + 2, len) < 0)
		return;
	len = answer(bytes + 2, len, 0, 0);
	bytes[0] = (uint8_t)(len >> 8);
	bytes[1] = (uint8_t)len;
	if (fd_write_all(fd, bytes, len + 2) < 0)
		_exit(1);
}

static _Noreturn void serve(int udp, int tcp, enum peer_manner manner)
{
	(void)alarm(20); /* never outlives a test that failed */
	for (unsigned n = 0;; n++) {
		struct pollfd waits[] = { { .fd = udp, .events = POLLIN },
					  { .fd = tcp, .events = POLLIN } };

		if (poll(waits, 2, -1) < 0)
			_exit(1);
		if (waits[0].revents)
			serve_udp(udp, manner, n);
		if (waits[1].revents)
			serve_tcp(tcp);
	}
}

static struct peer peer_start(enum peer_manner manner)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	CLEANUP(fd) int udp = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CLEANUP(fd) int tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(address);
	struct peer peer;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CHECK(bind(tcp, (struct sockaddr *)&address, len) == 0 && listen(tcp, 4) == 0);
	CHECK(getsockname(tcp, (struct sockaddr *)&address, &len) == 0);
	CHECK(bind(udp, (struct sockaddr *)&address, len) == 0);
	peer.port = ntohs(address.sin_port);
	peer.pid = fork();
	if (peer.pid == 0)
		serve(udp, tcp, manner);
	return peer;
}

static void peer_stop(const struct peer *peer)
{
	(void)kill(peer->pid, SIGKILL);
	CHECK_INT(waitpid(peer->pid, NULL, 0), peer->pid);
}

static void expect(enum peer_manner manner, enum dns_verdict verdict, const char *record)
{
	struct peer peer = peer_start(manner);
	struct dns_probe probe;
	const char *is;

	CHECK(dns_probe_set(&probe, "127.0.0.1", peer.port));
	dns_probe_all(&probe, 1, "www.example.com", DNS_A, 600 * NS_PER_MS);
	peer_stop(&peer);
	is = json_string_value(json_array_get(probe.records, 0));
	if (probe.verdict != verdict)
		fail_msg("is %s (%s)", dns_verdict_name(probe.verdict), probe.error);
	CHECK_TEXT(is ? is : "", record);
	CHECK_INT(probe.used_tcp, manner == PEER_TRUNCATES);
	dns_probe_finish(&probe, 1);
}

TEST(a_server_that_answers_is_ok_and_its_address_is_told)
{
	expect(PEER_ANSWERS, DNS_OK, "192.0.2.7");
}

TEST(each_way_of_failing_has_its_verdict)
{
	expect(PEER_SERVFAIL, DNS_SERVFAIL, "");
	expect(PEER_NXDOMAIN, DNS_NXDOMAIN, "");
	expect(PEER_REFUSES, DNS_REFUSED, "");
	expect(PEER_SILENT, DNS_TIMEOUT, "");
	expect(PEER_GARBAGE, DNS_BROKEN, "");
}

TEST(one_lost_datagram_is_no_failure)
{
	expect(PEER_LATE, DNS_OK, "192.0.2.7");
}

TEST(an_answer_under_another_id_is_not_taken)
{
	expect(PEER_FORGES, DNS_OK, "192.0.2.7");
}

TEST(a_truncated_answer_is_asked_for_again_over_tcp)
{
	expect(PEER_TRUNCATES, DNS_OK, "192.0.2.7");
}

TEST(a_port_where_nothing_listens_refuses_at_once)
{
	struct peer peer = peer_start(PEER_ANSWERS);
	struct dns_probe probes[3];

	peer_stop(&peer);
	CHECK(dns_probe_set(&probes[0], "127.0.0.1", peer.port));
	CHECK(dns_probe_set(&probes[1], "::1", peer.port));
	CHECK(!dns_probe_set(&probes[2], "no address", peer.port));
	dns_probe_all(probes, 3, "example.com", DNS_A, 5 * NS_PER_SEC);
	CHECK_INT(probes[0].verdict, DNS_REFUSED);
	CHECK(probes[0].latency_ns < 2 * NS_PER_SEC);
	CHECK(probes[1].verdict == DNS_REFUSED || probes[1].verdict == DNS_UNREACHABLE);
	CHECK_INT(probes[2].verdict, DNS_BROKEN);
	dns_probe_finish(probes, 3);
}

TEST(what_is_no_domain_name_is_never_sent)
{
	struct dns_probe probe;
	char name[300];

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	CHECK(dns_probe_set(&probe, "127.0.0.1", 9));
	dns_probe_all(&probe, 1, name, DNS_A, NS_PER_SEC);
	CHECK_INT(probe.verdict, DNS_BROKEN);
	dns_probe_finish(&probe, 1);
}
