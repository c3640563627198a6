/*
 * How constable-prober tries one probe (kernel/program/probe.h). Each blocks until it knows or its
 * time is over, so each is tried in a process of its own.
 */
#pragma once

#include <netdb.h>

#include "kernel/program/probe.h"

#define PROBER_ERROR_BYTES 96

struct attempt {
	const struct probe *probe;
	uint64_t until_ns; /* monotonic */
	int echo4, echo6;  /* raw sockets for ICMP, or something else that is open */
	char error[PROBER_ERROR_BYTES];
};

/* 0, or -1 with the attempt's "error", one short phrase. */
int prober_try(struct attempt *attempt);

int prober_fail(struct attempt *attempt, const char *format, ...) PRINTF_LIKE(2, 3);

/* The addresses of its host, as programs of this host find them; those of a name never lead to a
 * link's neighbours or to many. */
struct addrinfo *prober_resolve(struct attempt *attempt, int socket_type);

/* Of the first address that answers a connected TCP socket, or -1. */
int prober_connect(struct attempt *attempt);

int prober_http(struct attempt *attempt);
int prober_echo(struct attempt *attempt);
