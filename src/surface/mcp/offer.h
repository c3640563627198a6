/*
 * What a server of MCP has, and the calls that clients make of it.
 *
 * An offer is lists, as MCP describes their items, and one way to start a call. A call ends with
 * exactly one of mcp_call_answer() and mcp_call_refuse(); it may ask the client first
 * (mcp_call_ask()), and then starts once more, with the answers: the client of 2026-07-28 sends its
 * request again, an older one is asked while its request waits, and the offer sees no difference.
 */
#pragma once

#include "base/json.h"

struct mcp;
struct mcp_call;

enum mcp_kind {
	MCP_TOOL,     /* tools/call */
	MCP_PROMPT,   /* prompts/get */
	MCP_RESOURCE, /* resources/read */
	MCP_COMPLETION,
	MCP_SUBSCRIBE,
	MCP_UNSUBSCRIBE,
};

/* First pages of lists as text, which would else be written for every client anew. */
#define MCP_N_LISTS 4
struct mcp_shelf {
	char *pages[MCP_N_LISTS][2]; /* in sessions, and of 2026-07-28; NULL: not written yet */
};
/* When a list has other items, and in the end. */
void mcp_shelf_clear(struct mcp_shelf *shelf);

struct mcp_offer {
	const char *name, *version;
	const char *instructions; /* or NULL */
	/* Arrays; NULL: it has no such thing. The outputSchema of a tool may be its JSON text. */
	const json_t *tools, *prompts, *resources, *templates;
	struct mcp_shelf *shelf;  /* or NULL */
	unsigned kinds;           /* that start() takes: 1u << MCP_TOOL | ... */
	unsigned fresh_ms;        /* how long a client of 2026-07-28 may keep a list */
	bool prompts_change;      /* its list of them may be another; those of the rest always */
	void (*look)(void *data); /* or NULL: before the list of resources is served */
	/*
	 * Whether it tells when that resource is another (mcp_tell_updated()), and does from now
	 * on. NULL: of none.
	 */
	bool (*watch)(void *data, const char *uri);
	void (*start)(struct mcp_call *call);
	/* It gets no answer any more, and is gone when this returns. */
	void (*cancel)(struct mcp_call *call);
	void *data;
};

/* The item of a list whose 'member' is this text, or NULL. */
const json_t *mcp_offer_find(const json_t *list, const char *member, const char *text);

/* --- of a call; borrowed */

const struct mcp_offer *mcp_call_offer(const struct mcp_call *call);
enum mcp_kind mcp_call_kind(const struct mcp_call *call);
/* "2025-11-25": what the client understands. */
const char *mcp_call_revision(const struct mcp_call *call);
json_t *mcp_call_params(const struct mcp_call *call);
/* params.arguments, {} where there are none. */
json_t *mcp_call_arguments(const struct mcp_call *call);
/* {key: result} of what the client was asked; NULL where it was not, or is to be asked anew. */
const json_t *mcp_call_answers(const struct mcp_call *call);
/* What was to be remembered meanwhile, as text; NULL: nothing. */
const char *mcp_call_state(const struct mcp_call *call);
/* The offer's own of this call; not freed. */
void mcp_call_set_data(struct mcp_call *call, void *data);
void *mcp_call_data(const struct mcp_call *call);

/*
 * Before it takes long: makes it a task (the extension of 2026-07-28), if its client knows tasks
 * and there is room. Its request is answered by that; all else goes on as before, and the client
 * comes for progress, questions and the outcome. False: the request waits as ever.
 */
bool mcp_call_become_task(struct mcp_call *call);
bool mcp_call_can_be_task(const struct mcp_call *call);

/* Whether the client wants to hear of progress, or of what happens. */
bool mcp_call_wants_news(const struct mcp_call *call);
/* 'total' 0: unknown. */
void mcp_call_progress(struct mcp_call *call, double progress, double total, const char *text);
/* notifications/message, if the client wants that level; takes 'data' over. */
void mcp_call_log(struct mcp_call *call, const char *level, const char *logger, json_t *data);

/* Whether its client can be asked that: "elicitation", "sampling", "roots". */
bool mcp_call_can_ask(const struct mcp_call *call, const char *capability);
/*
 * Asks the client: {key: {"method", "params"}}, taken over; 'state' (may be NULL) is remembered.
 * The call is started again with the answers. It is no more when this returns.
 */
void mcp_call_ask(struct mcp_call *call, json_t *requests, const char *state);

/* Ends it; the result is taken over. */
void mcp_call_answer(struct mcp_call *call, json_t *result);
void mcp_call_refuse(struct mcp_call *call, int code, const char *sentence);
/* Of resources/read: there is no such one. */
void mcp_call_refuse_uri(struct mcp_call *call);
/* It needs what its client cannot be asked: -32021, which names it. */
void mcp_call_refuse_incapable(struct mcp_call *call, const char *capability);
/* The same of one that can only be a task. */
void mcp_call_refuse_without_tasks(struct mcp_call *call);
