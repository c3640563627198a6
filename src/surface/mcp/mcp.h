/*
 * The Model Context Protocol without a transport: one client's session of the revisions 2025-03-26
 * to 2025-11-25, and at the same place the requests of 2026-07-28, each of which stands alone. A
 * message in, messages out. What there is to serve is an offer (offer.h).
 *
 * Served here: initialize, ping, the lists (in pages), logging/setLevel, server/discover,
 * subscriptions/listen, cancellation, tasks/get, tasks/update and tasks/cancel; what the offer
 * takes becomes a call (offer.h).
 */
#pragma once

#include "net/jsonrpc.h"
#include "surface/mcp/offer.h"

#define MCP_MESSAGE_MAX_BYTES (2 * MIB)
#define MCP_MAX_CALLS 64     /* of one session at a time */
#define MCP_MAX_LISTENERS 16 /* subscriptions/listen; of those calls */
#define MCP_MAX_WATCHED 64   /* resources of a listener, of a session */
#define MCP_URI_MAX_BYTES (2 * KIB)
#define MCP_MAX_TASKS 32
#define MCP_TASK_TTL_NS (900 * NS_PER_SEC) /* from when it was made */
#define MCP_TASK_MAX_BYTES (8 * MIB)       /* outcomes of all of them */
#define MCP_KEY_BYTES 32
#define MCP_MODERN "2026-07-28" /* the revision whose requests stand alone */

/* A message for the client. */
struct mcp_word {
	const char *text; /* without a newline; borrowed */
	bool ends;        /* the answer to a request: nothing more comes for it */
	int code;         /* of an error, or 0 */
	unsigned status;  /* what HTTP says with this error, 0: as with any answer */
};

/*
 * Where messages go. 'exchange' is what mcp_take() was given with the request that a
 * message belongs to; NULL for one that belongs to none.
 */
struct mcp_peer {
	void (*say)(void *data, void *exchange, const struct mcp_word *word);
	void *data;
};

struct mcp {
	const struct mcp_peer *peer; /* borrowed, as the next */
	const struct mcp_offer *offer;
	uint64_t task_ttl_ns; /* how long tasks are kept; 0: MCP_TASK_TTL_NS */

	/* private */
	const char *revision; /* NULL before initialize */
	json_t *capabilities; /* the client's */
	const char *level;    /* from which on it wants to be told what happens, or NULL */
	json_t *watched;      /* [uri], of a session; or NULL */
	struct mcp_call *calls;
	unsigned n_calls;
	struct mcp_task *tasks; /* calls that go on behind their answer, and what came of them */
	unsigned n_tasks;
	size_t n_task_bytes;     /* of outcomes that are kept */
	json_int_t n_asked;      /* requests to the client */
	char key[MCP_KEY_BYTES]; /* of the states that clients carry; all zero: not made yet */
};

/* A message of the client's: foreign bytes, up to MCP_MESSAGE_MAX_BYTES. */
void mcp_take(struct mcp *mcp, void *exchange, const char *text, size_t len);
/* The same, read already. */
void mcp_take_message(struct mcp *mcp, void *exchange, const struct jsonrpc_message *message);

/* Answers, without an id, for bytes that are not even read. */
void mcp_refuse_unread(struct mcp *mcp, void *exchange, const char *sentence);

/* Nobody waits for this exchange any more: its calls are cancelled. */
void mcp_leave(struct mcp *mcp, const void *exchange);
/* Who listens to notifications by it is told that there will be no more. */
void mcp_take_leave(struct mcp *mcp, const void *exchange);
/* A list of the offer has other items now: tells who wants to know. "tools", "prompts",
 * "resources". */
void mcp_tell_changed(struct mcp *mcp, const char *list);
/* A resource says something else now: tells who watches it. */
void mcp_tell_updated(struct mcp *mcp, const char *uri);
/* The client is gone: cancels its calls. */
void mcp_finish(struct mcp *mcp);

/* Whether tasks are kept; and, now and then while any is: those whose time is over are forgotten.
 */
bool mcp_has_tasks(const struct mcp *mcp);
void mcp_tasks_sweep(struct mcp *mcp);

/* Whether a session can have this revision. */
bool mcp_has_revision(const char *revision);
