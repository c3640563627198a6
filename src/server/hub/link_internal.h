/* One WebSocket of one agent: what is known of it, what is done with it, what it says. */
#pragma once

#include "net/jsonrpc.h"
#include "net/websocket.h"
#include "server/hub/hub_internal.h"

#define HUB_MAX_UNSAVED 32 /* messages of a link that the store has yet to take */

enum link_state {
	LINK_LOOKUP,  /* the store is asked whether the agent may */
	LINK_STRANGE, /* waits for a login */
	LINK_HELLO,   /* waits for hello */
	LINK_READY,
	LINK_CLOSING,
};

struct hub_link {
	struct hub *hub;
	struct hub_entry *entry; /* NULL while it is a stranger's */
	struct hub_link *next;   /* of the entry, newest first; or of the strangers */
	struct heard heard;
	struct hub_turn turn; /* to be looked up, and for its hello */
	struct websocket *ws;
	uint64_t number;
	enum link_state state;
	uint64_t heard_ns; /* monotonic */
	struct event *deadline, *tools_deadline;
	json_t *hello_id, *hello; /* that wait for the store */
	json_t *labels;           /* that the store has */
	int64_t cursor;
	unsigned n_unsaved;
	json_int_t tools_id;    /* of the open tools/list, or 0 */
	unsigned is_listed : 1, /* labels have their rows */
		is_dry : 1, is_loading : 1, is_blocked : 1, is_stale : 1, is_paused : 1,
		came_strange : 1, is_plain : 1, was_ready : 1, is_rewound : 1;
	char version[64];
	json_t *metrics;                /* the whole set, to which differences are added */
	struct hub_acks *acks;          /* that wait to be sent, or NULL */
	LIST_ENTRY(hub_link) acks_link; /* of the hub, with them */
};

#define HUB_MAX_ACKS 16

struct hub_acks {
	unsigned n;
	char calls[HUB_MAX_ACKS][HUB_ID_BYTES];
};

/*
 * acks.c: an outcome is acknowledged with the next thing that its agent is told, or HUB_ACKS_NS
 * later: nobody waits for it, and most of what it costs is a packet of its own.
 */
#define HUB_ACKS_NS (200 * NS_PER_MS)
void acks_add(struct hub_link *link, const char *call);
void acks_send(struct hub_link *link);
void acks_forget(struct hub_link *link);
void acks_handle_timer(evutil_socket_t fd, short what, void *hub);

void link_send(struct hub_link *link, char *text);
int link_try_send(struct hub_link *link, char *text);
void link_refuse(struct hub_link *link, json_t *id, int code, const char *sentence);
/* Tells the agent that nobody wants the call any more. */
void link_cancel_call(struct hub_link *link, const char *call);
void link_close(struct hub_link *link, enum websocket_code code, const char *reason);
void link_hold(struct hub_link *link);    /* one more message that the store must take */
void link_stop(struct hub_link *link);    /* and until then no other */
void link_release(struct hub_link *link); /* it did */
void link_adopt(struct hub_link *link, const char *org, const char *agent);
void link_handle_stale(evutil_socket_t fd, short what, void *hub);
void link_free(struct hub_link *link);

/* message.c: what an agent says. */
void message_handle(struct hub_link *link, const char *text, size_t len);
/* hello.c */
void hello_handle(struct hub_link *link, json_t *id, const json_t *params);
/* heartbeat.c */
void heartbeat_handle(struct hub_link *link, json_t *id, const json_t *params);
void telemetry_handle(struct hub_link *link, const json_t *params);
void progress_handle(struct hub_link *link, const json_t *params);

/* approvers.c: what its hello tells an agent, NULL where the org has nothing; borrowed. */
json_t *approvers_of(const struct hub *hub, const char *org);
void approvers_drop(struct hub *hub);

/* question.c */
typedef void hub_ask(struct hub_question *question, void *data);
void question_ask(struct hub_link *link, hub_ask *ask, json_t *id, const json_t *params);
void questions_drop(struct hub *hub);

/* tools.c */
void tools_handle(struct hub_link *link, const struct jsonrpc_message *message);
void tools_ask(struct hub_link *link);
void tools_fail(struct hub_entry *entry, int code, const char *sentence);
void tools_drop(struct hub *hub);
