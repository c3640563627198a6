/* One connection of the HTTP server, from its handshake to its last byte. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/http_server_internal.h"
#include "net/websocket_internal.h"

#define READ_AHEAD_BYTES (16 * KIB)
/* After a last answer: how long the peer may go on sending, to nobody. */
#define LINGER_NS (2 * NS_PER_SEC)
/* Who takes less than this of an answer during stall_ns only holds our memory. */
#define MIN_PACE_BYTES (32 * KIB)

void http_connection_set(struct http_connection *connection, enum http_connection_state state,
			 uint64_t limit_ns)
{
	struct timeval limit = stream_timeval(limit_ns);

	connection->state = state;
	if (limit_ns)
		(void)event_add(&connection->timer, &limit);
	else
		(void)event_del(&connection->timer);
}

void http_connection_forget(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	(void)event_del(&connection->timer);
	LIST_REMOVE(connection, link);
	address_count_remove(&server->addresses, &connection->key);
	if (connection->state == HTTP_HANDSHAKE)
		http_server_note_handshake_end(server);
	free(connection);
	http_server_note_gone(server);
}

void http_connection_close(struct http_connection *connection)
{
	if (connection->ws) {
		websocket_end_now(connection->ws, WEBSOCKET_GOING_AWAY, "the server ends");
		return;
	}
	if (connection->exchange)
		http_exchange_lose(connection->exchange);
	if (connection->out)
		http_stream_lose(connection->out);
	http_parser_free(connection->parser);
	stream_free(connection->stream);
	http_connection_forget(connection);
}

static void refuse_to_wait(struct http_connection *connection)
{
	connection->server->n_refused++;
	http_connection_close(connection);
}

/* Closing at once would reset the connection, and the answer with it. */
static void start_lingering(struct http_connection *connection)
{
	if (connection->peer_ended) {
		http_connection_close(connection);
		return;
	}
	stream_half_close(connection->stream);
	http_connection_set(connection, HTTP_LINGERING, LINGER_NS);
	(void)evbuffer_drain(bufferevent_get_input(connection->stream),
			     evbuffer_get_length(bufferevent_get_input(connection->stream)));
	(void)bufferevent_enable(connection->stream, EV_READ);
}

void http_connection_write(struct http_connection *connection, const void *bytes, size_t len)
{
	size_t before = stream_queued_bytes(connection->stream);

	if (bufferevent_write(connection->stream, bytes, len) < 0)
		abort();
	stream_pace_note(&connection->pace, connection->stream, before);
}

void http_connection_replied(struct http_connection *connection)
{
	http_connection_set(connection, HTTP_REPLYING, connection->server->config.stall_ns);
	/* A stream may end when all of it is out. */
	if (!stream_queued_bytes(connection->stream))
		bufferevent_trigger(connection->stream, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}

void http_connection_refuse(struct http_connection *connection, unsigned status,
			    const char *sentence)
{
	CLEANUP(json) json_t *body = http_error_json(status, NULL, sentence);
	CLEANUP(text) char *text = json_dumps(body, JSON_COMPACT);
	size_t len = strlen(text);

	connection->server->n_refused++;
	connection->close_after = true;
	http_write_head(connection, connection->exchange, status, "application/json", &len);
	http_connection_write(connection, text, len);
	http_parser_free(connection->parser);
	connection->parser = NULL;
	http_exchange_free(connection->exchange);
	connection->exchange = NULL;
	http_connection_replied(connection);
}

/* The head is there: asks what body is welcome, and says "go on" to who waits for it. */
static void take_head(struct http_connection *connection)
{
	const struct http_server_config *config = &connection->server->config;
	struct error err = { 0 };
	size_t max_body = config->max_body_bytes;

	connection->exchange = http_exchange_new(connection, &err);
	if (!connection->exchange) {
		http_connection_refuse(connection, 400, err.text);
		return;
	}
	connection->parser = NULL;
	connection->close_after = !connection->exchange->message->keep_alive ||
				  connection->exchange->message->has_body ||
				  connection->server->closing;
	if (config->handle_head)
		max_body = config->handle_head(&connection->exchange->request, config->data);
	if (!connection->exchange)
		return;
	connection->close_after =
		!connection->exchange->message->keep_alive || connection->server->closing;
	http_parser_limit_body(connection->exchange->parser, max_body);
	if (connection->exchange->message->has_body)
		http_connection_set(connection, HTTP_READING, config->body_ns);
}

static void take_request(struct http_connection *connection)
{
	const struct http_server_config *config = &connection->server->config;
	struct http_exchange *exchange = connection->exchange;

	exchange->request.body = buf_text(&exchange->message->body);
	exchange->request.n_body = exchange->message->body.len;
	http_connection_set(connection, HTTP_WAITING, 0);
	config->handle_request(&exchange->request, config->data);
}

static struct http_parser *current_parser(struct http_connection *connection)
{
	if (connection->exchange)
		return connection->exchange->parser;
	if (!connection->parser)
		connection->parser =
			http_request_parser_new(connection->server->config.max_head_bytes);
	return connection->parser;
}

static void feed(struct http_connection *connection, struct http_parser *parser,
		 const struct evbuffer_iovec *chunk)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct http_message *message = http_parser_message(parser);
	enum http_state before = message->state;
	struct error err = { 0 };
	ssize_t n = http_parser_feed(parser, chunk->iov_base, chunk->iov_len, &err);

	if (n < 0) {
		http_connection_refuse(connection, message->status, err.text);
		return;
	}
	(void)evbuffer_drain(bufferevent_get_input(connection->stream), (size_t)n);
	if (before == HTTP_IN_HEAD && message->state == HTTP_HEAD_DONE)
		take_head(connection);
	else if (before == HTTP_HEAD_DONE && message->expects)
		http_connection_write(connection, go_on, sizeof(go_on) - 1);
}

/* Serves what has come in, one request at a time. */
static void read_on(struct http_connection *connection)
{
	struct evbuffer *input = bufferevent_get_input(connection->stream);

	while (connection->state == HTTP_IDLE || connection->state == HTTP_READING) {
		struct evbuffer_iovec chunk = { 0 };
		struct http_parser *parser;
		enum http_state state;

		(void)evbuffer_peek(input, -1, NULL, &chunk, 1);
		if (connection->state == HTTP_IDLE) {
			if (!chunk.iov_len)
				return;
			http_connection_set(connection, HTTP_READING,
					    connection->server->config.head_ns);
		}
		parser = current_parser(connection);
		state = http_parser_message(parser)->state;
		if (state == HTTP_DONE)
			take_request(connection);
		else if (chunk.iov_len || state == HTTP_HEAD_DONE)
			feed(connection, parser, &chunk);
		else
			return;
	}
}

/* An answer is out. */
static void finish_reply(struct http_connection *connection)
{
	if (connection->close_after || connection->server->closing) {
		start_lingering(connection);
		return;
	}
	http_connection_set(connection, HTTP_IDLE, connection->server->config.idle_ns);
	read_on(connection);
	if (connection->peer_ended &&
	    (connection->state == HTTP_IDLE || connection->state == HTTP_READING))
		http_connection_close(connection);
}

static void handle_read(struct bufferevent *stream, void *data)
{
	struct http_connection *connection = data;
	struct evbuffer *input = bufferevent_get_input(stream);

	if (connection->state == HTTP_LINGERING)
		(void)evbuffer_drain(input, evbuffer_get_length(input));
	else if (connection->state == HTTP_STREAMING &&
		 evbuffer_get_length(input) >= READ_AHEAD_BYTES)
		refuse_to_wait(connection); /* so full that its end would not be seen */
	else
		read_on(connection);
}

static void handle_write(struct bufferevent *stream, void *data)
{
	struct http_connection *connection = data;

	if (stream_queued_bytes(stream))
		return;
	if (connection->state == HTTP_REPLYING)
		finish_reply(connection);
	else if (connection->state == HTTP_STREAMING)
		http_stream_handle_drained(connection->out);
}

static void handle_end(struct http_connection *connection)
{
	connection->peer_ended = true;
	if (connection->state != HTTP_WAITING && connection->state != HTTP_REPLYING) {
		http_connection_close(connection);
		return;
	}
	/* It only said that it sends no more; libevent has stopped both ways over TLS. */
	(void)bufferevent_enable(connection->stream, EV_WRITE);
}

static void handle_event(struct bufferevent *stream UNUSED, short what, void *data)
{
	struct http_connection *connection = data;

	if (what & BEV_EVENT_CONNECTED) {
		connection->state = HTTP_READING; /* under the deadline of the handshake */
		http_server_note_handshake_end(connection->server);
	} else if (what & BEV_EVENT_EOF) {
		handle_end(connection);
	} else if (what & BEV_EVENT_ERROR) {
		http_connection_close(connection);
	}
}

/* Whether the client takes what is under way for it, if at a snail's pace. */
static bool keeps_pace(struct http_connection *connection)
{
	size_t min_bytes = connection->state == HTTP_REPLYING ? MIN_PACE_BYTES : 1;

	if (connection->state != HTTP_REPLYING && connection->state != HTTP_STREAMING)
		return false;
	return !stream_pace_is_stalled(&connection->pace, connection->stream,
				       connection->server->config.stall_ns, min_bytes);
}

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct http_connection *connection = data;

	if (connection->state == HTTP_UPGRADED)
		http_connection_forget(connection); /* its WebSocket is gone */
	else if (connection->state == HTTP_IDLE || connection->state == HTTP_LINGERING)
		http_connection_close(connection);
	else if (connection->exchange || connection->parser)
		http_connection_refuse(connection, 408, "the request took too long");
	else if (keeps_pace(connection))
		http_connection_set(connection, connection->state,
				    connection->server->config.stall_ns);
	else
		refuse_to_wait(connection);
}

static void describe_address(struct http_connection *connection, const struct sockaddr *address)
{
	const struct sockaddr_in *ipv4 = (const void *)address;
	const struct sockaddr_in6 *ipv6 = (const void *)address;
	const void *bytes = &ipv4->sin_addr;
	int family = address->sa_family;

	connection->key = address_key_of(address);
	if (family != AF_INET && family != AF_INET6)
		return;
	connection->port = ntohs(family == AF_INET ? ipv4->sin_port : ipv6->sin6_port);
	if (family == AF_INET6) {
		bytes = &ipv6->sin6_addr;
		if (IN6_IS_ADDR_V4MAPPED(&ipv6->sin6_addr)) {
			bytes = ipv6->sin6_addr.s6_addr + 12;
			family = AF_INET;
		}
	}
	(void)inet_ntop(family, bytes, connection->address, sizeof(connection->address));
}

static struct bufferevent *open_stream(struct http_server *server, evutil_socket_t fd)
{
	struct bufferevent *stream;
	SSL *tls;

	if (server->config.tls) {
		tls = SSL_new(server->config.tls);
		if (!tls)
			abort();
		stream = bufferevent_openssl_socket_new(
			server->base, fd, tls, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	} else {
		stream = bufferevent_socket_new(server->base, fd, BEV_OPT_CLOSE_ON_FREE);
	}
	if (!stream)
		abort();
	return stream;
}

void http_connection_start(struct http_server *server, evutil_socket_t fd,
			   const struct sockaddr *address)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (!connection)
		abort();
	connection->server = server;
	describe_address(connection, address);
	connection->stream = open_stream(server, fd);
	LIST_INSERT_HEAD(&server->connections, connection, link);
	if (event_assign(&connection->timer, server->base, -1, 0, handle_deadline, connection) < 0)
		abort();
	http_connection_set(connection, server->config.tls ? HTTP_HANDSHAKE : HTTP_READING,
			    server->config.head_ns);
	bufferevent_setcb(connection->stream, handle_read, handle_write, handle_event, connection);
	bufferevent_setwatermark(connection->stream, EV_READ, 0, READ_AHEAD_BYTES);
	(void)bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

void http_connection_leave(struct http_connection *connection)
{
	struct http_stream *out = connection->out;

	if (connection->ws) {
		websocket_close(connection->ws, WEBSOCKET_GOING_AWAY, "the server ends");
	} else if (out) {
		if (out->handlers.gone)
			out->handlers.gone(out, out->data);
		http_stream_end(out);
	} else if (connection->state == HTTP_HANDSHAKE || connection->state == HTTP_IDLE ||
		   (connection->state == HTTP_READING && !connection->exchange)) {
		http_connection_close(connection);
	}
	/* What is under way is finished; the answer says that it is the last. */
}
