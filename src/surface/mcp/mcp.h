/*
 * The Model Context Protocol, revisions 2025-03-26 to 2025-11-25, without a transport: one client's
 * session. A message in, messages out; each tools/call becomes a call at the gate, which judges and
 * records it. What the surface adds is translation, and decides nothing.
 *
 * Served: initialize, ping, tools/list, tools/call with notifications/progress, and
 * notifications/cancelled. A call that fails, whatever the reason, is a result with isError, so
 * that a model reads the sentence; a tool nobody has is an error of the protocol.
 */
#pragma once

#include "call/frame.h"

#define MCP_MESSAGE_MAX_BYTES (2 * MIB)
#define MCP_MAX_CALLS 64 /* of one session at a time */

/* Where messages go, and the way to the gate. */
struct mcp_peer {
	/* One message without a newline; borrowed. */
	void (*say)(void *data, const char *message);

	/*
	 * A request of the warden's socket (warden/request.h), borrowed. Its id, by which its
	 * frames are told to mcp_take_frame(), or a negative errno.
	 */
	json_int_t (*ask)(void *data, json_t *header, const char *body, size_t n_body,
			  struct error *err);

	/* That request is wanted no longer; what still comes for it is ignored. */
	void (*cancel)(void *data, json_int_t id);
	void *data;
};

struct mcp {
	const struct mcp_peer *peer; /* borrowed, as the next two */
	const json_t *catalogue;     /* as the warden lists its tools */
	const char *version;         /* of this program */

	/* private */
	const char *revision; /* NULL before initialize */
	struct mcp_call *calls;
	unsigned n_calls;
};

/* A message of the client's: foreign bytes, up to MCP_MESSAGE_MAX_BYTES. */
void mcp_take(struct mcp *mcp, const char *text, size_t len);

/* Answers, without an id, for bytes that are not even read. */
void mcp_refuse_unread(struct mcp *mcp, const char *sentence);

/* A frame of the gate's with the "id" of a request. */
void mcp_take_frame(struct mcp *mcp, const struct frame *frame);

/* The client is gone: cancels its calls. */
void mcp_finish(struct mcp *mcp);
