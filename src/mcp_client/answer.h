/*
 * The answer of an MCP server, while it arrives: one JSON message, a batch of them (2025-03-26), or
 * a stream of messages as server-sent events. Foreign bytes, cut anywhere.
 *
 * A message that is none, a body of another type, or more of them than MCP_ANSWER_MAX_MESSAGES ends
 * the reading. Events without data, which only say where to go on, are no messages.
 */
#pragma once

#include "net/jsonrpc.h"
#include "net/sse_parser.h"

#define MCP_ANSWER_MAX_MESSAGES 10000
#define MCP_ANSWER_MAX_BATCH 64

struct mcp_answer {
	/* One message; borrowed. A negative errno, with 'err', ends the reading. */
	int (*handle)(struct mcp_answer *answer, const struct jsonrpc_message *message,
		      struct error *err);
	struct sse_parser stream; /* where to go on after it broke off */

	/* private */
	enum mcp_answer_kind {
		MCP_ANSWER_OTHER,
		MCP_ANSWER_JSON,
		MCP_ANSWER_STREAM,
	} kind;
	struct buf body;
	size_t n_messages;
};

/* 'type' is what Content-Type says; or NULL. 'max_bytes' is for a body of JSON. */
void mcp_answer_init(struct mcp_answer *answer, const char *type, size_t max_bytes,
		     int (*handle)(struct mcp_answer *answer, const struct jsonrpc_message *message,
				   struct error *err));
void mcp_answer_finish(struct mcp_answer *answer);
void mcp_answer_cleanup(struct mcp_answer *answer);

/* -E2BIG, -EBADMSG, -EINVAL, or what handle() said; then nothing more may be fed. */
int mcp_answer_feed(struct mcp_answer *answer, const char *bytes, size_t len,
		    struct error *err) MUST_CHECK;

/* The body has ended: reads what was JSON. */
int mcp_answer_end(struct mcp_answer *answer, struct error *err) MUST_CHECK;
