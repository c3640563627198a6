/*
 * A probe: something beyond a program that has to answer as it did before the program came.
 *
 *	"tcp:HOST:PORT"          takes a connection
 *	"http://HOST[:PORT]/..." a status below 500, also https:, whose certificate the host trusts
 *	"dns:NAME[@ADDRESS]"     that server, else this host by itself, knows an address of the name
 *	"icmp:HOST"              sends an echo back
 *
 * HOST is a name or an IPv4 address, or an IPv6 address in brackets. Each has one spelling, in
 * lower case and without a user, so that a host's patterns mean what they say.
 */
#pragma once

#include "base/error.h"

#define PROBE_TEXT_BYTES 512
#define PROBE_HOST_BYTES 254
#define PROBE_MAX 8 /* that a manifest may name, and a host as many more */
#define PROBE_TIMEOUT_MIN_MS 50
#define PROBE_TIMEOUT_MAX_MS 5000
#define PROBE_TIMEOUT_USUAL_MS 1000

enum probe_kind {
	PROBE_TCP,
	PROBE_HTTP,
	PROBE_HTTPS,
	PROBE_DNS,
	PROBE_ICMP,
	PROBE_N_KINDS,
};

struct probe {
	enum probe_kind kind;
	char text[PROBE_TEXT_BYTES];   /* as it was written */
	char host[PROBE_HOST_BYTES];   /* without brackets; of dns: the name */
	char server[PROBE_HOST_BYTES]; /* of dns: an address, or "" */
	uint16_t port;                 /* of tcp and http */
	size_t path;                   /* of http: where it begins in 'text' */
};

/* -EINVAL: it is none, for this reason. */
int probe_parse(const char *text, struct probe *probe_out, struct error *err) MUST_CHECK;

/* Whether the host is an address as it stands, or of dns its server. */
bool probe_has_address(const struct probe *probe);
