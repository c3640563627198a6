/* Answers of the HTTP server in pieces (SSE), and whose they are. */
#pragma once

#include "base/base.h"

struct http_request;
struct http_server;
struct http_stream;

/*
 * Whom its answer is for, and until when he may have it (monotonic; 0: as long as it takes): counts
 * for the stream that the answer becomes, which ends then as if the client had left.
 */
#define HTTP_HOLDER_BYTES 136
void http_request_hold(struct http_request *request, const char *holder, uint64_t until_ns);
/* He may have nothing more: ends his streams. Not from within a callback of a stream. */
void http_server_end_streams(struct http_server *server, const char *holder);
/* How many streams are held by anybody. */
unsigned http_server_held_streams(const struct http_server *server);

struct http_stream_handlers {
	void (*drained)(struct http_stream *stream, void *data); /* room again after -EAGAIN */
	void (*gone)(struct http_stream *stream,
		     void *data); /* the client left; the stream is no more */
	/* Its holder may have no more of it: writes a last word, does not end it. Then 'gone'. */
	void (*over)(struct http_stream *stream, void *data);
	size_t max_queued_bytes; /* [256 KiB] */
};

/*
 * An answer in pieces of unknown number; the request is no more. NULL when the
 * client is gone already, or asked with HEAD (which is answered).
 */
struct http_stream *http_stream_start(struct http_request *request, unsigned status,
				      const char *type, const struct http_stream_handlers *handlers,
				      void *data);
/* 0, or -EAGAIN: nothing was taken, as more waits than the client has read. Never calls back. */
int http_stream_write(struct http_stream *stream, const void *bytes, size_t len) MUST_CHECK;
size_t http_stream_queued_bytes(const struct http_stream *stream);
/* The stream is no more; 'gone' is not called. */
void http_stream_end(struct http_stream *stream);
/* The same, but the client sees that what it has is not all: the connection breaks. */
void http_stream_abort(struct http_stream *stream);
