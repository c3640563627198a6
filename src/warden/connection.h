/*
 * One client of the warden's socket: frames in, answers out. Requests (header
 * "type"): call, cancel, collect (request.h), and those of query.h; each carries
 * an "id" that its answer repeats. Who the client is comes from the kernel, never
 * from a frame.
 *
 * At most CONNECTION_MAX_CALLS of its calls may be open; when it goes away they
 * are cancelled, save the durable ones. A frame that breaks a bound or the grammar
 * closes it.
 */
#pragma once

#include "warden/warden.h"

#define CONNECTION_MAX_CALLS 64

struct bufferevent;

struct connection {
	struct warden *warden;
	struct bufferevent *stream; /* NULL once the client is gone */
	struct caller caller;
	struct request *requests; /* those that end with it */
	unsigned n_holds;         /* by requests and whoever else works on it */
};

/* Takes over 'fd', a connected stream socket. */
int connection_start(struct warden *warden, int fd, struct error *err) MUST_CHECK;

/* While held it is not freed. */
void connection_hold(struct connection *connection);
void connection_release(struct connection *connection);

/* Takes over 'header'. Nothing is sent once the client is gone. */
void connection_send(struct connection *connection, json_t *header, const void *body, size_t len);

/* An answer of that code with a JSON body (a reference is taken over) or none. */
void connection_answer(struct connection *connection, json_int_t id, const struct error *err,
		       json_t *body);
/* The same with JSON text, or NULL; borrowed. */
void connection_answer_text(struct connection *connection, json_int_t id, const struct error *err,
			    const char *text);

/* Bytes that the client has not taken yet. */
size_t connection_n_queued(const struct connection *connection);
