/* Answers in pieces (SSE). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_server_internal.h"

#define QUEUE_DEFAULT_BYTES (256 * KIB)

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
	free(stream);
	http_connection_replied(connection);
}

void http_stream_abort(struct http_stream *stream)
{
	struct http_connection *connection = stream->connection;

	connection->out = NULL;
	free(stream);
	http_connection_close(connection);
}

void http_stream_lose(struct http_stream *stream)
{
	if (stream->handlers.gone)
		stream->handlers.gone(stream, stream->data);
	free(stream);
}

void http_stream_handle_drained(struct http_stream *stream)
{
	if (!stream->refused)
		return;
	stream->refused = false;
	if (stream->handlers.drained)
		stream->handlers.drained(stream, stream->data);
}
