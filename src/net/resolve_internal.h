/* Names to addresses, by the child process constable-resolver. */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>

#include "base/error.h"
#include "net/url.h"

#define RESOLVE_MAX_ADDRESSES 16

union resolve_address {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

struct resolve {
	union resolve_address addresses[RESOLVE_MAX_ADDRESSES];
	unsigned n_addresses;

	/* private */
	struct event exited;
	pid_t child;
	int pidfd, output;
	uint16_t port;
	void (*done)(struct resolve *resolve, const struct error *err);
};

void resolve_init(struct resolve *resolve);
void resolve_finish(struct resolve *resolve);

/* A literal address, without a child. False for a name. */
bool resolve_literal(struct resolve *resolve, const char *host, uint16_t port);

/*
 * Starts 'executable'; 'done' is called once, unless resolve_finish() comes first;
 * 'err' is NULL when there is at least one address.
 */
int resolve_start(struct resolve *resolve, struct event_base *base, const char *executable,
		  const struct url *url, void (*done)(struct resolve *, const struct error *err),
		  struct error *err) MUST_CHECK;

/* The length of an address, by its family. */
socklen_t resolve_address_len(const union resolve_address *address);
/* 127.0.0.0/8 and ::1, also as an IPv4 address in IPv6. */
bool resolve_address_is_loopback(const union resolve_address *address);
