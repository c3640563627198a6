/*
 * Where a request may go: what the courier judges before and after name resolution.
 *
 * Lists are texts, their words separated by blanks or commas. Public addresses are allowed,
 * private ones (RFC 1918, loopback, unique local, carrier-grade NAT, reserved blocks) only
 * inside a network that is named; what is never allowed no policy can allow.
 */
#pragma once

#include "base/base.h"

#define POLICY_LIST_MAX_BYTES 2048

/* For an endpoint in the operator's own network, which the operator has configured. */
#define COURIER_PRIVATE_NETWORKS \
	"127.0.0.0/8 ::1/128 10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7"

enum courier_schemes {
	COURIER_HTTPS_ONLY,
	COURIER_HTTP_TOO,
};

struct courier_policy {
	enum courier_schemes schemes;
	const char *hosts;    /* "api.example.com .example.org": a name, all below one; NULL: any */
	const char *networks; /* "127.0.0.1 10.0.0.0/8 fd12::/16": private ones, or NULL */
};
