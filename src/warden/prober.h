/*
 * How constable-prober tries one probe (kernel/program/probe.h). Each blocks until it knows or its
 * time is over, so each is tried in a process of its own.
 */
#pragma once

#include <netdb.h>

#include "kernel/program/health.h"

#define PROBER_ERROR_BYTES 96
#define PROBER_COOKIE_BYTES 16
#define PROBER_DIED "whoever tried it died of it"
#define PROBER_TOO_LONG "it took too long"

struct attempt {
	const struct probe *probe;
	uint64_t until_ns; /* monotonic */
	const struct echoes *echoes;
	size_t number; /* its own among those */
	char error[PROBER_ERROR_BYTES];
};

/*
 * Where this host lets nobody have a socket of his own for echoes, all attempts share a raw one for
 * each family, which gives a message to whoever reads first. That one tells whose it is.
 */
struct echoes {
	int raw4, raw6; /* or something else that is open */
	size_t n;
	struct expected {
		uint8_t cookie[PROBER_COOKIE_BYTES];
		int told, tells; /* a pipe: its echo came back */
	} expected[HEALTH_MAX_PROBES];
};

/* 0, or -1 with the attempt's "error", one short phrase. */
int prober_try(struct attempt *attempt);

int prober_fail(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

/* The addresses of its host, as programs of this host find them; those of a name never lead to
 * this host itself, to its link's neighbours, to the metadata of its cloud or to many. */
struct addrinfo *prober_resolve(struct attempt *attempt, int socket_type);

/* Of the first address that answers a connected TCP socket, or -1. */
int prober_connect(struct attempt *attempt);

int prober_http(struct attempt *attempt);
int prober_echo(struct attempt *attempt);

/* What 'n' attempts expect, before they are made; -errno. */
int prober_expect(struct echoes *echoes_out, size_t n) MUST_CHECK;
void prober_expect_no_more(struct echoes *echoes);
