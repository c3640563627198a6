/* Answers in pieces (SSE). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/http_server_internal.h"

#define QUEUE_DEFAULT_BYTES (256 * KIB)

/* Ends one whose holder may have no more of it. */
static void end_held(struct http_stream *stream)
{
	if (stream->handlers.over)
		stream->handlers.over(stream, stream->data);
	if (stream->handlers.gone)
		stream->handlers.gone(stream, stream->data);
	http_stream_end(stream);
}

static void handle_over(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	end_held(data);
}

static void hold(struct http_stream *stream, const struct http_exchange *exchange)
{
	struct http_server *server = stream->connection->server;
	uint64_t now_ns = clock_monotonic_ns();
	struct timeval left;

	text_copy(stream->holder, sizeof(stream->holder), exchange->holder);
	if (event_assign(&stream->over, server->base, -1, 0, handle_over, stream) < 0)
		abort();
	LIST_INSERT_HEAD(&server->held, stream, link);
	server->n_held++;
	if (!exchange->until_ns)
		return;
	left = stream_timeval(exchange->until_ns > now_ns ? exchange->until_ns - now_ns : 0);
	(void)event_add(&stream->over, &left);
}

static void forget(struct http_stream *stream)
{
	if (stream->holder[0]) {
		LIST_REMOVE(stream, link);
		stream->connection->server->n_held--;
		(void)event_del(&stream->over);
	}
	free(stream);
}

static struct http_stream *stream_new(struct http_connection *connection,
				      const struct http_stream_handlers *handlers, void *data)
{
	struct http_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		abort();
	stream->connection = connection;
	stream->handlers = *handlers;
	stream->data = data;
	if (!stream->handlers.max_queued_bytes)
		stream->handlers.max_queued_bytes = QUEUE_DEFAULT_BYTES;
	return stream;
}

struct http_stream *http_stream_start(struct http_request *request, unsigned status,
				      const char *type, const struct http_stream_handlers *handlers,
				      void *data)
{
	struct http_exchange *exchange = container_of(request, struct http_exchange, request);
	struct http_connection *connection = exchange->connection;
	struct http_stream *stream = NULL;

	if (!connection || connection->peer_ended || connection->server->closing) {
		/* Who has stopped sending would look the same as who has left. */
		http_reply_error(request, 503, NULL, "no stream can begin now");
		return NULL;
	}
	if (exchange->message->version == 10)
		connection->close_after = true;
	http_write_head(connection, exchange, status, type, NULL);
	connection->exchange = NULL;
	if (strcmp(request->method, "HEAD") == 0) {
		http_connection_replied(connection);
	} else {
		stream = stream_new(connection, handlers, data);
		stream->chunked = exchange->message->version == 11;
		connection->out = stream;
		if (exchange->holder[0])
			hold(stream, exchange);
		http_connection_set(connection, HTTP_STREAMING,
				    connection->server->config.stall_ns);
	}
	http_exchange_free(exchange);
	return stream;
}

size_t http_stream_queued_bytes(const struct http_stream *stream)
{
	return stream_queued_bytes(stream->connection->stream);
}

int http_stream_write(struct http_stream *stream, const void *bytes, size_t len)
{
	size_t queued = http_stream_queued_bytes(stream);
	char size[32];

	if (!len)
		return 0; /* an empty chunk would be the last */
	/* A piece larger than the queue may go alone. */
	if (queued && queued + len > stream->handlers.max_queued_bytes) {
		stream->refused = true;
		return -EAGAIN;
	}
	if (stream->chunked) {
		text_format(size, sizeof(size), "%zx\r\n", len);
		http_connection_write(stream->connection, size, strlen(size));
	}
	http_connection_write(stream->connection, bytes, len);
	if (stream->chunked)
		http_connection_write(stream->connection, "\r\n", 2);
	return 0;
}

void http_stream_end(struct http_stream *stream)
{
	struct http_connection *connection = stream->connection;

	if (stream->chunked)
		http_connection_write(connection, "0\r\n\r\n", 5);
	connection->out = NULL;
	forget(stream);
	http_connection_replied(connection);
}

void http_stream_abort(struct http_stream *stream)
{
	struct http_connection *connection = stream->connection;

	connection->out = NULL;
	forget(stream);
	http_connection_close(connection);
}

void http_stream_lose(struct http_stream *stream)
{
	if (stream->handlers.gone)
		stream->handlers.gone(stream, stream->data);
	forget(stream);
}

void http_stream_handle_drained(struct http_stream *stream)
{
	if (!stream->refused)
		return;
	stream->refused = false;
	if (stream->handlers.drained)
		stream->handlers.drained(stream, stream->data);
}

void http_request_hold(struct http_request *request, const char *holder, uint64_t until_ns)
{
	struct http_exchange *exchange = container_of(request, struct http_exchange, request);

	text_copy(exchange->holder, sizeof(exchange->holder), holder);
	exchange->until_ns = until_ns;
}

void http_server_end_streams(struct http_server *server, const char *holder)
{
	LIST_HEAD(, http_stream) ending = LIST_HEAD_INITIALIZER(ending);
	struct http_stream *stream, *next;

	/* Ending one may end others: they leave whichever list they are in. */
	for (stream = LIST_FIRST(&server->held); stream; stream = next) {
		next = LIST_NEXT(stream, link);
		if (strcmp(stream->holder, holder) != 0)
			continue;
		LIST_REMOVE(stream, link);
		LIST_INSERT_HEAD(&ending, stream, link);
	}
	while ((stream = LIST_FIRST(&ending)))
		end_held(stream);
}

unsigned http_server_held_streams(const struct http_server *server)
{
	return server->n_held;
}
