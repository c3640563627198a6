/*
 * Who watches by SSE: each client has an id, which it gets in its first event
 * (PB_CONNECT) and with which it can say what it wants to hear of.
 *
 * An id is "SEQ-RANDOM": it stands in the "id:" of that event as well, so a browser that
 * comes back with it as Last-Event-ID goes on from SEQ.
 */
#pragma once

#include "server/api/api.h"

#define REALTIME_MAX_TOPICS 32

struct realtime;

struct realtime *realtime_new(struct event_base *base, struct hub *hub);
/* Ends every stream. */
void realtime_free(struct realtime *realtime);

struct realtime_wish {
	struct org *org;
	const char *agent; /* only what names this agent; NULL: all */
	uint64_t after_seq;
};

/* Answers the request with a stream, or refuses it. */
void realtime_start(struct realtime *realtime, struct http_request *request,
		    const struct realtime_wish *wish);

/*
 * From now on this client of that org hears only of these kinds (an array of texts; what
 * comes after '/' or '*' in one does not count). False where there is no such client.
 */
bool realtime_choose(struct realtime *realtime, const struct org *org, const char *client,
		     const json_t *topics);
