/*
 * The agent's end of the warden's socket: requests out, answers in, in any order.
 *
 * It connects by itself, and again when the warden restarts; requests that were open
 * then end with -EPIPE, and 'handle_up' says when to ask anew. At most
 * WARDEN_MAX_REQUESTS are open: the warden itself refuses more.
 */
#pragma once

#include <event2/event.h>

#include "call/frame.h"

#define WARDEN_MAX_REQUESTS 48

struct warden;

struct warden_config {
	const char *socket; /* copied */
	void (*handle_up)(void *data);
	void (*handle_down)(void *data);
	/* A frame that is no answer: {"type": "progress", "call_id", "stream", "text"}. */
	void (*handle_progress)(const json_t *header, void *data);
	void *data;
};

/* Connects from the loop. Never NULL. */
struct warden *warden_new(struct event_base *base, const struct warden_config *config);
/* What is open ends with -EPIPE; no other callback comes. */
void warden_free(struct warden *warden);

bool warden_is_up(const struct warden *warden);
/* Why it is not, "" while it is. */
const char *warden_why(const struct warden *warden);

/* Exactly once; 'answer' (borrowed) is NULL where none came: 'err' has -EPIPE. */
typedef void warden_done(const struct frame *answer, const struct error *err, void *data);

/*
 * Takes 'header' over, adds its id. -ENOTCONN or -EBUSY: it was not sent and 'done' does not
 * come. 'done' never comes before this returns.
 */
int warden_ask(struct warden *warden, json_t *header, const char *body, warden_done *done,
	       void *data);
/* 'done' of every request with this data does not come any more. */
void warden_forget(struct warden *warden, const void *data);

/*
 * The call with the id that warden_ask() put into its header is wanted no longer: it is
 * ended, and its 'done' comes with what became of it.
 */
void warden_cancel(struct warden *warden, json_int_t id);

/* The code in an answer's header (0 or negative), and its sentence. */
int warden_code(const struct frame *answer, const char **sentence_out);
