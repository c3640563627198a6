/* The warden: what its clients share. */
#pragma once

#include <event2/event.h>

#include "call/gate.h"

#define BOOT_ID_BYTES 37

struct request;
struct waiter;

struct warden {
	struct event_base *base;
	struct gate gate;
	const char *state_dir;
	char boot_id[BOOT_ID_BYTES]; /* of the host's kernel */
	uint64_t started_ns;
	unsigned n_connections;
	bool has_failed;         /* it ends because it can do nothing more */
	struct request *durable; /* calls that go on without their client */
	struct waiter *waiters;  /* clients that wait for one of those */
	struct event *tidy;      /* see tidy.h */
	/* Called when a connection is gone, so that a private warden can end. */
	void (*connection_gone)(struct warden *warden);
};
