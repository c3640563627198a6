/* Asks several DNS servers the same thing at once and notes how each does. */
#pragma once

#include <sys/socket.h>

#include "tools/network/dns_message.h"

enum dns_verdict {
	DNS_OK,
	DNS_TIMEOUT,
	DNS_REFUSED,     /* nothing listens there, or the server does not serve us */
	DNS_UNREACHABLE, /* no way to it */
	DNS_SERVFAIL,
	DNS_NXDOMAIN, /* the server works, the name is not there */
	DNS_BROKEN,   /* what came back is no answer */
};

struct dns_probe {
	struct sockaddr_storage address; /* family AF_UNSPEC: not an address */
	socklen_t n_address;

	/* set by dns_probe_all() */
	enum dns_verdict verdict;
	char error[96]; /* "" if the verdict says it all */
	uint64_t latency_ns;
	bool used_tcp;
	json_t *records; /* or NULL */

	/* private */
	int fd;
	uint16_t id;
	uint64_t sent_ns;
	unsigned n_sent;
	bool is_done, is_connecting;
	uint8_t answer[DNS_MESSAGE_MAX_BYTES + 2];
	size_t n_answer;
};

/* "192.0.2.1", "2001:db8::1" or "fe80::1%eth0"; false if it is no address. */
bool dns_probe_set(struct dns_probe *probe, const char *address, uint16_t port);

/* Asks all and waits for all answers or the time; a query is sent twice. */
void dns_probe_all(struct dns_probe *probes, size_t n, const char *name, enum dns_type type,
		   uint64_t timeout_ns);
void dns_probe_finish(struct dns_probe *probes, size_t n);

const char *dns_verdict_name(enum dns_verdict verdict);
