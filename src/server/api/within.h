/*
 * A question to the API from within: what a surface of this server asks in the name of its own
 * caller. It is a route like any other, found by its operation, with the same role, quota, schemas
 * and audit; only its answer comes back here. Not for routes that stream.
 */
#pragma once

#include "server/api/exchange.h"

struct within; /* a question under way */

/* Once, never before api_ask() returns. 'body' is JSON as any client would get it; borrowed. */
typedef void within_done(unsigned status, const json_t *body, void *data);

struct within_question {
	const struct caller *caller; /* copied */
	const char *operation;       /* of a route that there is */
	const char *param;           /* for the one name in its path, or NULL */
	json_t *query, *body;        /* taken over; NULL: {} */
};

struct within *within_ask(struct api *api, const struct within_question *question,
			  within_done *done, void *data);
/* 'done' does not come any more; what was asked goes on, unless it only waits. */
void within_drop(struct within *within);
