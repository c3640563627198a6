/* What the parts of a client share: its requests, and how each of them travels. */
#pragma once

#include <event2/event.h>
#include <sys/queue.h>

#include "mcp_client/answer.h"
#include "mcp_client/client.h"
#include "mcp_client/granting.h"

#define MCP_SESSION_BYTES 257
#define MCP_VERSION_BYTES 16
#define MCP_MAX_SECRETS 4
#define MCP_MAX_QUESTIONS 8 /* of one request, at a time */
#define MCP_MAX_NOTES 64
#define MCP_TYPE_BYTES 64

/* A message for which no answer is waited. */
struct mcp_note {
	TAILQ_ENTRY(mcp_note) link;
	struct mcp_client *client;
	struct courier_call *call;
	void (*done)(struct mcp_client *client); /* or NULL */
};

struct mcp_pending_question {
	unsigned serial;
	json_t *key;    /* the id of the server's request, or the name of its question */
	json_t *params; /* NULL: it is answered */
	json_t *answer;
	bool is_put; /* somebody has it */
};

struct mcp_request {
	TAILQ_ENTRY(mcp_request) link;
	struct mcp_client *client;
	struct mcp_order order; /* its params are ours */
	json_t *schema;
	json_int_t id; /* another for each time it is sent; 0: it was not */
	struct courier_call *call;
	struct mcp_answer answer;
	unsigned status;
	bool is_internal; /* of finding out what the server speaks: it goes before others */
	bool is_sent, is_over;
	bool is_hearing, is_dropped; /* cancelled by a callback while its answer is read */
	/* After its session was lost; after 401 and 403. */
	bool has_begun_again, has_new_token, has_more_scope;
	unsigned n_rounds, n_resumes;
	char last_event[SSE_NAME_BYTES];
	uint64_t retry_ns;
	struct event *deadline, *again;
	uint64_t due_ns,
		left_ns; /* monotonic, of the deadline; what is left while it stands still */
	bool is_paused;

	/* What it is answered, kept until the courier's callback is over. */
	json_t *result, *error_data;
	int code;
	struct error err;

	struct oauth_challenge challenge; /* of what was refused */
	struct mcp_pending_question questions[MCP_MAX_QUESTIONS];
	unsigned n_questions, last_serial;
	json_t *state; /* of one that asked back (2026-07-28), to be said again as it came */
};

TAILQ_HEAD(mcp_requests, mcp_request);
TAILQ_HEAD(mcp_notes, mcp_note);

enum mcp_client_state {
	MCP_CLIENT_NEW,
	MCP_CLIENT_BEGINNING,
	MCP_CLIENT_READY,
};

struct mcp_client {
	struct mcp_client_config config; /* its texts are ours */
	char *url, *ca_pem, *networks, *secret_texts[2 * MCP_MAX_SECRETS], *grant_texts[4];
	struct mcp_granting grant;
	char *token; /* that was granted; or NULL */
	struct courier_header secrets[MCP_MAX_SECRETS];
	char host[256];
	char wanted[MCP_VERSION_BYTES]; /* "": whatever it speaks */
	enum mcp_client_state state;
	bool is_modern, has_tried_again, is_greeted;
	char version[MCP_VERSION_BYTES], session[MCP_SESSION_BYTES];
	json_int_t last_id;
	struct mcp_listening {
		struct courier_call *call;
		struct mcp_answer answer;
		struct event *again;
		unsigned n_again;
		bool is_open;
	} listening; /* to what belongs to no request */
	struct mcp_requests requests;
	unsigned n_requests, n_notes;
	struct mcp_notes notes;
	struct event *farewell;
	void (*ended)(void *data);
	void *ended_data;
};

/* begin.c: gets a token if it has to, finds out what the server speaks, then sends what waits. */
void mcp_client_begin(struct mcp_client *client);
/* There is a token, or 'err' says why not. */
void mcp_client_go_on(struct mcp_client *client, const struct error *err);
/* Whether it is one of ours that has sessions. */
bool mcp_client_is_legacy(const char *version);

/* request.c */
void mcp_request_send(struct mcp_request *request);
/* What waits for the client to be ready. */
void mcp_client_send_waiting(struct mcp_client *client);
void mcp_client_fail_waiting(struct mcp_client *client, const struct mcp_outcome *outcome);
struct mcp_request *mcp_client_order(struct mcp_client *client, const struct mcp_order *order,
				     bool is_internal);
/* It is over: tells, and frees it. */
void mcp_request_finish(struct mcp_request *request);
void mcp_request_fail(struct mcp_request *request, int code, const char *format, ...)
	PRINTF_LIKE(3, 4);
/* The same for one that is not sent, from the loop. */
void mcp_request_refuse(struct mcp_request *request, int code, const char *sentence);
void mcp_request_free(struct mcp_request *request);

/* travel.c: one POST or GET of a request, and what comes back. */
void mcp_request_post(struct mcp_request *request);
void mcp_request_resume(struct mcp_request *request);

/* note.c: a message without an answer: text is taken over. */
void mcp_client_note(struct mcp_client *client, char *text, const char *method,
		     void (*done)(struct mcp_client *client));
void mcp_note_free(struct mcp_note *note);
/* Ends the session by DELETE. */
void mcp_client_leave(struct mcp_client *client);

/* client.c: one that ends is free once nothing is under way any more. */
void mcp_client_rest(struct mcp_client *client);

/* listen.c: the stream of a session; does nothing without one. */
void mcp_client_listen(struct mcp_client *client);
void mcp_client_deafen(struct mcp_client *client);

/* hear.c: a request or a notification of the server, on the stream of 'request' or of none. */
void mcp_client_hear(struct mcp_client *client, struct mcp_request *request,
		     const struct jsonrpc_message *message);
/* A message that came for a request; negative to stop reading. */
int mcp_request_hear(struct mcp_request *request, const struct jsonrpc_message *message,
		     struct error *err) MUST_CHECK;
/* It was answered: over, or the server asks back. */
void mcp_request_settle(struct mcp_request *request);
