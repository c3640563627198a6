/* Addresses that a web server passes requests to. */
#pragma once

#include "call/tool.h"
#include "host/listener.h"

enum upstream_kind {
	UPSTREAM_NONE,
	UPSTREAM_UNIX,
	UPSTREAM_TCP
};

struct upstream {
	enum upstream_kind kind;
	char host[256]; /* name or address; the path of a unix socket */
	uint16_t port;
};

/*
 * Takes apart "http://127.0.0.1:8080/x", "127.0.0.1:9000", "unix:/run/x.sock:/",
 * "fcgi://localhost:9000", "[::1]:80". UPSTREAM_NONE for a bare name without
 * port where 'otherwise_port' is 0, and for what holds variables.
 */
struct upstream upstream_parse(const char *text, uint16_t otherwise_port);

/* False if it is of this host and nothing listens there; true also where it cannot be known. */
bool upstream_has_listener(const struct upstream *upstream, const struct listeners *listeners);
