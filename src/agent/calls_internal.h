/* A call in the book, for the files that keep it. */
#pragma once

#include "agent/calls.h"
#include "agent/outcome.h"

struct plan;

struct call {
	struct call *next;
	struct calls *calls;
	char id[CALLS_ID_BYTES];
	enum call_state state;
	uint64_t until_ns; /* monotonic */
	json_t *header;    /* to ask again with, while it may be needed */
	char *args;
	char on_behalf[128];
	struct plan *plan; /* while its calls are made, or NULL */
	unsigned n_parts;  /* calls it made */
	bool in_spool, is_acknowledged, is_forgetting, is_cancelled;
};

struct call *call_find(const struct calls *calls, const char *id);
struct call *call_new(struct calls *calls, const char *id, enum call_state state);
/* Asks for the answer of one that runs, whenever it ends. */
int call_wait(struct call *call);
/* Tells the server, if the link has room; else the answer waits in the spool. May free it. */
void call_tell(struct call *call, json_t *response, enum outcome_kind kind);
