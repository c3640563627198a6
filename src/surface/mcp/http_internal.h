/* What the files of MCP over HTTP share. */
#pragma once

#include <event2/event_struct.h>
#include <sys/queue.h>

#include "identity/token.h"
#include "surface/mcp/http.h"
#include "surface/mcp/mcp_internal.h"

/* An event that was sent, or would have been. */
struct mcp_event {
	TAILQ_ENTRY(mcp_event) link;
	uint64_t at_ns;
	unsigned stream, number;
	size_t len;
	char text[];
};

struct mcp_history {
	TAILQ_HEAD(, mcp_event) events;
	size_t n_bytes;
	size_t *n_all; /* of all sessions */
};

/* What one POST asked, until all of it is answered; or, without requests, a session's GET. */
struct mcp_exchange {
	LIST_ENTRY(mcp_exchange) link;
	struct mcp_http *http;
	struct mcp_session *session;  /* NULL: it stands alone */
	struct http_request *request; /* while nothing is said */
	struct http_stream *stream;   /* NULL: nobody listens */
	unsigned n_open;              /* requests that are not answered */
	unsigned number, n_events;    /* of its stream, of its last event */
	bool is_initialize, is_batch;
	bool is_in_hand;   /* its messages are being taken: not freed meanwhile */
	bool is_resumable; /* its client has the id of an event */
	uint64_t lost_ns;  /* since when nobody listens, or 0 */
};

LIST_HEAD(mcp_exchanges, mcp_exchange);

struct mcp_session {
	LIST_ENTRY(mcp_session) link;
	struct mcp_http *http;
	struct mcp mcp;
	struct mcp_peer peer;
	char id[NONCE_TEXT_BYTES];
	struct mcp_exchanges exchanges;
	struct mcp_exchange *listener; /* the client's GET, or NULL */
	struct mcp_history history;
	unsigned n_streams, listener_number;
	uint64_t seen_ns;
};

struct mcp_http {
	struct event_base *base;
	struct mcp_http_config config;
	const struct mcp_offer *offer;
	struct mcp alone; /* the requests that stand alone */
	struct mcp_peer peer;
	struct mcp_exchanges exchanges; /* of those */
	LIST_HEAD(, mcp_session) sessions;
	unsigned n_sessions;
	size_t n_history_bytes; /* of all of them */
	struct event sweep;
};

/* --- http_exchange.c */

/* Of the session, or of nobody's; it has the request. */
struct mcp_exchange *mcp_exchange_new(struct mcp_http *http, struct mcp_session *session,
				      struct http_request *request);
/* Ends its stream, if it has one; its calls are not touched. */
void mcp_exchange_free(struct mcp_exchange *exchange);
/* The same, with its calls. */
void mcp_exchange_abandon(struct mcp_exchange *exchange);
/* Whether somebody may still take up its lost stream. */
bool mcp_exchange_can_wait(const struct mcp_exchange *exchange);
/* All its messages are taken: what is not answered yet gets a stream. */
void mcp_exchange_settle(struct mcp_exchange *exchange);
/* Makes its request a stream. False where the client is gone; so is the exchange, unless in hand.
 */
bool mcp_exchange_open(struct mcp_exchange *exchange);
/* For struct mcp_peer. */
void mcp_exchange_say(void *data, void *exchange, const struct mcp_word *word);
/* An event that was kept, once more. */
void mcp_exchange_repeat(struct mcp_exchange *exchange, const struct mcp_event *event);
struct mcp *mcp_exchange_session(const struct mcp_exchange *exchange);

/* --- http_session.c */

/* NULL where there is no room. */
struct mcp_session *mcp_session_new(struct mcp_http *http);
struct mcp_session *mcp_session_find(struct mcp_http *http, const char *id);
void mcp_session_end(struct mcp_session *session);
/* GET: all that is told unasked; or a stream that was lost, behind that event. */
void mcp_session_listen(struct mcp_session *session, struct http_request *request);
void mcp_session_resume(struct mcp_session *session, struct http_request *request,
			const char *last_event);
/* Sessions that nobody uses, streams that nobody takes up: looked for while there is any. */
void mcp_http_sweep(evutil_socket_t fd, short what, void *data);
void mcp_http_sweep_soon(struct mcp_http *http);

/* --- http_history.c */

#define MCP_HISTORY_MAX_BYTES (16 * MIB) /* with what nobody has heard */

void mcp_history_init(struct mcp_history *history, size_t *n_all);
void mcp_history_finish(struct mcp_history *history);
void mcp_history_add(struct mcp_history *history, const struct mcp_exchange *exchange,
		     const char *text);
void mcp_history_forget_before(struct mcp_history *history, uint64_t at_ns);

/* --- http_check.c */

/* The answer to what is no message, or not for us; the request is no more. */
void mcp_http_refuse(struct http_request *request, unsigned status, json_t *id, int code,
		     const char *sentence);
/* Whether the fields say what the body says; NULL: they do, else the sentence. */
const char *mcp_http_contradiction(const struct http_request *request,
				   const struct jsonrpc_message *message,
				   const struct mcp_offer *offer);
/* Whether Content-Type and Accept are those of MCP; 0, or the status and the sentence. */
unsigned mcp_http_misfit(const struct http_request *request, const char **why_out);
