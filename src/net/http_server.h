/*
 * An HTTP/1.1 server on a libevent loop: requests, streams (SSE) and WebSockets on
 * one port, over TCP, TLS or a Unix socket.
 *
 * It survives bad peers by construction: every state of a connection has a total
 * deadline (not one per read), unread input is bounded also while an answer is
 * under way, one request per connection is served at a time, connections are
 * counted, in all and per address, and an error's answer is out before the close.
 * An IPv6 client counts by its /64. Answers it gives itself are JSON:
 * {"error": sentence, "code": word}. The process must ignore SIGPIPE.
 */
#pragma once

#include <event2/event.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include "base/json.h"
#include "net/http.h"
#include "net/http_stream.h"
#include "net/websocket.h"

struct http_request;
struct http_server;

struct http_server_config {
	SSL_CTX *tls; /* net/tls.h; a reference is taken; NULL: plain */

	/*
	 * The whole request is there. Answer it exactly once, now or later: http_reply*(),
	 * http_stream_start() or http_accept_websocket().
	 */
	void (*handle_request)(struct http_request *request, void *data);
	/*
	 * The head is there, the body is not: returns how many bytes of body are welcome
	 * (beyond: 413), or answers already; then the body is never read, and the
	 * connection closes behind the answer. NULL: max_body_bytes for all.
	 */
	size_t (*handle_head)(struct http_request *request, void *data);
	void *data;

	/* 0 stands for what is in brackets. */
	size_t max_head_bytes;                /* [16 KiB] request line and fields */
	size_t max_body_bytes;                /* [1 MiB] */
	unsigned max_connections;             /* [1024] WebSockets and streams included */
	unsigned max_connections_per_address; /* [256] */
	unsigned max_handshakes;              /* [256] in flight; more wait in the backlog */
	uint64_t head_ns;  /* [10 s] from connect, or first byte, to the end of the head */
	uint64_t body_ns;  /* [60 s] from there to the end of the body */
	uint64_t idle_ns;  /* [75 s] between two requests */
	uint64_t stall_ns; /* [30 s] an answer of which the client takes nothing */
};

/* Who asks. */
struct http_peer {
	char address[INET6_ADDRSTRLEN]; /* as text; "" for a Unix socket */
	uint16_t port;
	uid_t uid;         /* of a Unix socket's client, else (uid_t)-1 */
	X509 *certificate; /* borrowed; verified; NULL for plain and for clients without one */
	bool expired;      /* the certificate has ended, within the grace of net/tls.h */
};

/* A request that waits for its answer. Texts and 'peer' live until it is answered. */
struct http_request {
	const char *method;
	const char *target;           /* as sent: "/a%20b?c=d" */
	const char *path;             /* decoded: "/a b" (see url_decode_path()) */
	const struct http_form *form; /* the query, decoded */
	const struct http_field *fields;
	unsigned n_fields;
	const char *body; /* NUL-terminated */
	size_t n_body;
	const struct http_peer *peer;

	/*
	 * The handler's. 'gone': the client can no longer be answered, the request
	 * is no more. Without it the request stays until it is answered, to nobody.
	 * A client that only shut down its sending side is still there.
	 */
	void (*gone)(struct http_request *request);
	void *data;
};

/* Takes over 'fd', a listening socket of TCP or AF_UNIX. Never NULL. */
struct http_server *http_server_new(struct event_base *base, int fd,
				    const struct http_server_config *config);
/* At once, with the callbacks of all that is open; not from within one of them. */
void http_server_free(struct http_server *server);
/*
 * Stops listening, answers what was asked, closes WebSockets with 1001 and ends
 * streams; 'done' is called once, when all are gone or 'limit_ns' has passed
 * (never before this returns). Then free it.
 */
void http_server_shutdown(struct http_server *server, uint64_t limit_ns,
			  void (*done)(struct http_server *server, void *data), void *data);
unsigned http_server_connections(const struct http_server *server);
/* Refused or cut off since the start: too many, too slow, not HTTP. */
uint64_t http_server_refused(const struct http_server *server);

/* The value of a field by lower-case name, or NULL. */
const char *http_request_field(const struct http_request *request, const char *name);
/* The first value of a query's name, or NULL. */
const char *http_request_query(const struct http_request *request, const char *name);

/* A field for the answer to come. Control characters in the value become blanks. */
void http_reply_header(struct http_request *request, const char *name, const char *value);

/* The answer; the request is no more. Length, date and connection fields are made here. */
void http_reply(struct http_request *request, unsigned status, const char *type, const void *body,
		size_t len);
/* As application/json; takes the reference. */
void http_reply_json(struct http_request *request, unsigned status, json_t *body);
/* {"error": sentence, "code": code}; 'code' NULL: the word for the status, "not_found". */
json_t *http_error_json(unsigned status, const char *code, const char *sentence);
/* That as the answer. */
void http_reply_error(struct http_request *request, unsigned status, const char *code,
		      const char *sentence);

/* Whether the request asks for a WebSocket, rightly or not. */
bool http_request_is_websocket(const struct http_request *request);
/*
 * Upgrades; the request is no more. NULL: it was no valid upgrade, which has been
 * answered. http_reply_header() before it adds to the 101 (a subprotocol).
 */
struct websocket *http_accept_websocket(struct http_request *request,
					const struct websocket_config *config);
