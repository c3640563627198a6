/* What the files of the HTTP server share: the server, its connections, what one asked. */
#pragma once

#include <event2/bufferevent.h>
#include <event2/event_struct.h>
#include <event2/listener.h>
#include <sys/queue.h>

#include "net/address_count.h"
#include "net/http_server.h"
#include "net/stream_internal.h"

struct http_server {
	struct event_base *base;
	struct http_server_config config;
	struct evconnlistener *listener; /* NULL once shutting down */
	struct event resume;             /* accepting again after a lack of descriptors */
	LIST_HEAD(, http_connection) connections;
	LIST_HEAD(, http_connection) leaving; /* those that know of the shutdown */
	LIST_HEAD(, http_stream) held;
	unsigned n_held;
	struct address_count addresses;
	unsigned n_connections, n_handshakes;
	unsigned n_peak; /* connections since memory was last given back */
	struct event trim;
	uint64_t n_refused;
	bool accepting, out_of_descriptors;

	bool closing;
	struct event done_timer;
	void (*done)(struct http_server *server, void *data);
	void *done_data;
};

enum http_connection_state {
	HTTP_HANDSHAKE,
	HTTP_IDLE, /* between two requests */
	HTTP_READING,
	HTTP_WAITING, /* the handler has it */
	HTTP_REPLYING,
	HTTP_STREAMING,
	HTTP_LINGERING, /* all is said; the peer may still read it */
	HTTP_UPGRADED,  /* the stream is its WebSocket's */
};

struct http_connection {
	LIST_ENTRY(http_connection) link;
	struct http_server *server;
	struct bufferevent *stream;
	enum http_connection_state state;
	struct event timer;             /* the deadline of the state */
	struct http_parser *parser;     /* of a head under way */
	struct http_exchange *exchange; /* of a request whose head is there */
	struct http_stream *out;
	struct websocket *ws;
	struct stream_pace pace;
	struct address_key key;
	char address[INET6_ADDRSTRLEN];
	uint16_t port;
	bool peer_ended;  /* it sends nothing more */
	bool close_after; /* the answer under way */
};

struct http_exchange {
	struct http_request request;
	struct http_connection *connection; /* NULL once the client is gone */
	struct http_parser *parser;
	const struct http_message *message;
	struct http_peer peer;
	struct http_form form;
	char *path;
	struct buf headers;             /* of the answer */
	char holder[HTTP_HOLDER_BYTES]; /* "": nobody's */
	uint64_t until_ns;
};

struct http_stream {
	struct http_connection *connection;
	struct http_stream_handlers handlers;
	void *data;
	bool chunked, refused;
	LIST_ENTRY(http_stream) link; /* of those that are held */
	char holder[HTTP_HOLDER_BYTES];
	struct event over; /* its holder's time */
};

/* Takes over the socket. */
void http_connection_start(struct http_server *server, evutil_socket_t fd,
			   const struct sockaddr *address);
/* With the callbacks of what is open on it. */
void http_connection_close(struct http_connection *connection);
/* The server shuts down: ends at once, or behind what is under way. */
void http_connection_leave(struct http_connection *connection);
/* Off the server's books, and freed. */
void http_connection_forget(struct http_connection *connection);
void http_connection_set(struct http_connection *connection, enum http_connection_state state,
			 uint64_t limit_ns);
/* The end of an answer is queued. */
void http_connection_replied(struct http_connection *connection);
void http_connection_write(struct http_connection *connection, const void *bytes, size_t len);
/* An answer of our own to what is no request; closes behind it. */
void http_connection_refuse(struct http_connection *connection, unsigned status,
			    const char *sentence);

/* NULL with 'err' and the status to answer for a target that is no path. */
struct http_exchange *http_exchange_new(struct http_connection *connection, struct error *err);
void http_exchange_free(struct http_exchange *exchange);
/* The client left: tells the handler, or keeps the request until it is answered. */
void http_exchange_lose(struct http_exchange *exchange);

/* Head of an answer, "Connection" included; 'length' NULL: of unknown length. */
void http_write_head(struct http_connection *connection, struct http_exchange *exchange,
		     unsigned status, const char *type, const size_t *length);

/* The stream's client left. */
void http_stream_lose(struct http_stream *stream);
void http_stream_handle_drained(struct http_stream *stream);

/* The books: one handshake less under way; a connection is gone. */
void http_server_note_handshake_end(struct http_server *server);
void http_server_note_gone(struct http_server *server);
