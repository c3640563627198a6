/* Calls of a user of the courier, and the child process that serves them. */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "base/keeper.h"
#include "courier/parcel.h"

struct courier_call {
	TAILQ_ENTRY(courier_call) link;
	struct courier *courier;
	uint64_t id;
	const struct courier_handlers *handlers; /* NULL: a mail */
	courier_mail_done *mail_done;
	void *data;
	size_t n_bytes;   /* of its body, against COURIER_MAX_OPEN_BYTES */
	struct error why; /* code 0: it is under way; else it only waits to be told */
	struct buf held;  /* messages that came while it was paused */
	uint32_t n_owed;  /* bytes taken, for which no credit was given yet */
	bool is_paused;
};

TAILQ_HEAD(courier_calls, courier_call);

struct courier {
	struct event_base *base;
	char *proxy, *no_proxy;
	struct keeper keeper;
	pid_t pid; /* the child, 0 when reaped */
	struct bufferevent *stream;
	struct courier_calls calls;
	struct courier_call *current; /* whose handler runs; NULL once it is cancelled */
	unsigned n_open;
	size_t n_open_bytes;
	uint64_t last_id, idle_ns;
	bool is_stale;
	struct event idle, reap, deliver;
};

/* Makes sure that there is a child. */
int courier_wake(struct courier *courier, struct error *err) MUST_CHECK;

/* Hands over an encoded message, whose memory is wiped once it is sent. */
void courier_send(struct courier *courier, struct buf *message);

/* After a call is gone: the child may not be needed any more. */
void courier_rest(struct courier *courier);

/* Closes the socket, at which the child ends. */
void courier_close_child(struct courier *courier);

/* What a child said about a call; for one that nobody knows, nothing happens. -EBADMSG. */
int call_take(struct courier *courier, const struct parcel *parcel) MUST_CHECK;

/* Every call that is under way fails. */
void call_fail_all(struct courier *courier, const struct error *err);

/* Tells what was held back. */
void call_deliver(struct courier *courier);
void call_free(struct courier_call *call);
