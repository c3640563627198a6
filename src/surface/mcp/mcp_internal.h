/* One call of a session: from tools/call to its answer. */
#pragma once

#include "net/jsonrpc.h"
#include "surface/mcp/mcp.h"

struct mcp_call {
	struct mcp_call *next;
	struct mcp *mcp;
	json_t *id;            /* of the client's request */
	json_t *token;         /* for its progress, or NULL */
	json_int_t n_progress; /* notifications told */
	json_int_t asked;      /* id of the request that runs at the gate */
	json_t *plan;          /* the calls that the gate said to make, or NULL */
	size_t at;             /* which of them runs */
};

/* Text on the heap that is said and freed. */
void mcp_say(struct mcp *mcp, char *message);
void mcp_refuse(struct mcp *mcp, json_t *id, int code, const char *sentence);

/* tools/call. */
void mcp_call_start(struct mcp *mcp, json_t *id, const json_t *params);
struct mcp_call *mcp_call_find(struct mcp *mcp, const json_t *id);
/* The client does not want it any more: it gets no answer. */
void mcp_call_cancel(struct mcp_call *call);
