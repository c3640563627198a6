/* A TCP connection to the first of several addresses that takes it (RFC 8305, in short). */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/error.h"
#include "net/resolve_internal.h"

struct connecting_try {
	struct connecting *connecting;
	struct event ready;
	int fd; /* -1: not begun, or failed */
};

struct connecting {
	struct event_base *base;
	const struct resolve *to;
	struct connecting_try tries[RESOLVE_MAX_ADDRESSES];
	unsigned n_begun, n_failed;
	struct event next; /* when the address after those under way is tried */
	struct error err;  /* of the last that failed */
	bool started;
	void (*done)(struct connecting *connecting, int fd, const struct error *err);
};

/*
 * Calls 'done' once, never before it returns, with the socket (nonblocking, to be
 * taken) or, fd -1, why the last address failed. 'to' must outlive it.
 */
void connecting_start(struct connecting *connecting, struct event_base *base,
		      const struct resolve *to,
		      void (*done)(struct connecting *connecting, int fd, const struct error *err));
/* No callback comes. Zeroed memory is fine. */
void connecting_finish(struct connecting *connecting);
