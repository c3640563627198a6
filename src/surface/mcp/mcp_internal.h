/* What the files of the session share: a request, its answer, a call under way. */
#pragma once

#include "surface/mcp/mcp.h"

enum mcp_code {
	MCP_HEADER_MISMATCH = -32020,
	MCP_MISSING_CAPABILITY = -32021,
	MCP_UNSUPPORTED_VERSION = -32022,
	MCP_RESOURCE_NOT_FOUND = -32002, /* before 2026-07-28 */
};

#define MCP_META "io.modelcontextprotocol/"
#define MCP_TASKS MCP_META "tasks" /* the extension */
#define MCP_TASK_MESSAGE_BYTES 256

/* A client's request. All borrowed; a call keeps references. */
struct mcp_request {
	struct mcp *mcp;
	void *exchange;
	json_t *id;
	json_t *params;       /* or NULL */
	const char *revision; /* by which it is answered; NULL before initialize */
	bool is_modern;       /* it stands alone */
};

/* Its client's capabilities, and the level from which on it is told what happens. Borrowed. */
const json_t *mcp_request_capabilities(const struct mcp_request *request);
const char *mcp_request_level(const struct mcp_request *request);
const json_t *mcp_request_meta(const struct mcp_request *request);

/* Answers. 'result' and 'data' (may be NULL) are taken over. */
void mcp_reply(const struct mcp_request *request, json_t *result);
/* The same in two steps: the members that every result of the revision has; and the text. */
void mcp_complete(const struct mcp_request *request, json_t *result);
void mcp_reply_text(const struct mcp_request *request, const char *result);
void mcp_refuse(const struct mcp_request *request, int code, const char *sentence);
void mcp_refuse_with(const struct mcp_request *request, int code, unsigned status,
		     const char *sentence, json_t *data);
/* -32021: what its client does not say it can do. */
void mcp_refuse_extension(const struct mcp_request *request, const char *extension);
/* A message that belongs to a request, but is not its answer; heap text, freed. */
void mcp_tell(const struct mcp_request *request, char *text);

/* method.c: the answers that need no call; false for a method that is none of them. */
bool mcp_answer_at_once(const struct mcp_request *request, const char *method);
bool mcp_knows(const struct mcp *mcp, const char *method);
/* How long a result may be kept, which clients of 2026-07-28 are told. */
void mcp_add_freshness(const struct mcp_request *request, json_t *result, unsigned fresh_ms);
int mcp_level_rank(const char *level); /* -1: there is no such level */
json_t *mcp_describe_capabilities(const struct mcp_request *request);

/* call.c */
struct mcp_call {
	struct mcp_call *next;
	struct mcp_request request; /* with references of its own */
	enum mcp_kind kind;
	json_t *granted; /* of subscriptions/listen, which has no kind; else NULL */
	json_t *token;   /* for its progress, or NULL */
	double progress; /* told last */
	json_t *asked;   /* {our id: key} of what the client has not answered; NULL: nothing */
	json_t *answers; /* {key: result} */
	char *state;
	struct mcp_task *task; /* or NULL: its request waits for it */
	void *data;
};

/* False where the offer does not take that method. */
bool mcp_call_takes(const struct mcp *mcp, const char *method);
bool mcp_call_start(const struct mcp_request *request, const char *method);
/* subscriptions/listen; resources/subscribe and unsubscribe of sessions. */
void mcp_listen_start(const struct mcp_request *request);
void mcp_watch_in_session(const struct mcp_request *request);
void mcp_watch_no_more(const struct mcp_request *request);
struct mcp_call *mcp_call_find(const struct mcp *mcp, const json_t *id);
struct mcp_call *mcp_call_new(const struct mcp_request *request);
void mcp_call_end(struct mcp_call *call);
/* The client does not want it any more: it gets no answer. */
void mcp_call_cancel(struct mcp_call *call);
/* An answer to one of our requests. */
void mcp_call_take_answer(struct mcp *mcp, const struct jsonrpc_message *message);

/* listen.c: who asked to be told of a task; 'about' is taken over. */
bool mcp_listens_to_task(const struct mcp *mcp, const char *id);
void mcp_tell_task(struct mcp *mcp, const char *id, json_t *about);

/* task.c: false for a method that is none of tasks. */
bool mcp_task_serve(const struct mcp_request *request, const char *method);
bool mcp_knows_task(const struct mcp *mcp, const char *id);
/* What happens to a call that is one; its own end follows. */
void mcp_task_complete(struct mcp_call *call, json_t *result);
void mcp_task_fail(struct mcp_call *call, int code, const char *sentence);
void mcp_task_cancelled(struct mcp_call *call);
/* It goes on: how far it is; what it wants of its client ('requests' is taken over). */
void mcp_task_say(struct mcp_call *call, const char *text);
void mcp_task_ask(struct mcp_call *call, json_t *requests, const char *state);
void mcp_tasks_finish(struct mcp *mcp);

/* state.c: what a client carries for us, which only we can have written, for one call. */
char *mcp_state_seal(struct mcp *mcp, const struct mcp_request *request, const char *state);
/* Heap text, or NULL: it is not ours, not of this call, or too old. */
char *mcp_state_open(struct mcp *mcp, const struct mcp_request *request, const char *sealed);
