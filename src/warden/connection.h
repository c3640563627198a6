/*
 * One client of the warden's socket: frames in, calls through the gate, answers
 * out. Requests (header "type"): call, cancel, tools, status, verify, approvals,
 * approve; each carries an "id" that its answer repeats. Who the client is comes
 * from the kernel, never from a frame.
 *
 * At most CONNECTION_MAX_CALLS of its calls may be open; when it goes away they
 * are cancelled. A frame that breaks a bound or the grammar closes it.
 */
#pragma once

#include <event2/event.h>

#include "call/gate.h"

#define CONNECTION_MAX_CALLS 64

struct warden {
	struct event_base *base;
	struct gate gate;
	const char *state_dir;
	uint64_t started_ns;
	unsigned n_connections;
	/* Called when a connection is gone, so that a private warden can end. */
	void (*connection_gone)(struct warden *warden);
};

/* Takes over 'fd', a connected stream socket. */
int connection_start(struct warden *warden, int fd, struct error *err) MUST_CHECK;
