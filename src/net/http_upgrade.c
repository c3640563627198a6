/* From a request to a WebSocket (RFC 6455, section 4.2). */
#include <string.h>

#include "base/encoding.h"
#include "net/http_server_internal.h"
#include "net/websocket_internal.h"

#define KEY_BYTES 16

bool http_request_is_websocket(const struct http_request *request)
{
	return http_has_token(http_request_field(request, "upgrade"), "websocket");
}

static bool is_key(const char *key)
{
	CLEANUP(buf) struct buf bytes = { 0 };

	buf_init(&bytes, KEY_BYTES);
	return key && base64_decode(key, strlen(key), &bytes) == 0 && bytes.len == KEY_BYTES;
}

/* Why it is no upgrade, or NULL. */
static const char *find_fault(const struct http_exchange *exchange)
{
	const struct http_request *request = &exchange->request;

	if (strcmp(request->method, "GET") != 0 || exchange->message->version != 11)
		return "a WebSocket begins with GET over HTTP/1.1";
	if (exchange->message->has_body)
		return "a WebSocket's request has no body";
	if (!exchange->message->upgrade)
		return "Connection does not say upgrade";
	if (!is_key(http_request_field(request, "sec-websocket-key")))
		return "Sec-WebSocket-Key is missing or no key";
	return NULL;
}

static void write_upgrade(struct http_connection *connection, struct http_exchange *exchange)
{
	CLEANUP(buf) struct buf head = { 0 };
	char accept[32];

	websocket_accept_text(http_request_field(&exchange->request, "sec-websocket-key"), accept);
	buf_init(&head, 32 * KIB);
	buf_add_format(&head,
		       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n",
		       accept);
	buf_add(&head, buf_text(&exchange->headers), exchange->headers.len);
	buf_add_text(&head, "\r\n");
	http_connection_write(connection, head.data, head.len);
}

/* The WebSocket has closed its connection. Not at once: this may be within its own request. */
static void handle_released(void *owner)
{
	struct http_connection *connection = owner;
	struct timeval now = { 0 };

	connection->ws = NULL;
	(void)event_add(&connection->timer, &now);
}

static struct websocket *hand_over(struct http_connection *connection,
				   const struct websocket_config *config)
{
	struct websocket_origin origin = {
		.stream = connection->stream,
		.role = WEBSOCKET_SERVER,
		.address = connection->address,
		.released = handle_released,
		.owner = connection,
	};

	http_connection_set(connection, HTTP_UPGRADED, 0);
	connection->exchange = NULL;
	connection->stream = NULL;
	connection->ws = websocket_new(&origin, config);
	return connection->ws;
}

struct websocket *http_accept_websocket(struct http_request *request,
					const struct websocket_config *config)
{
	struct http_exchange *exchange = container_of(request, struct http_exchange, request);
	struct http_connection *connection = exchange->connection;
	const char *version = http_request_field(request, "sec-websocket-version");
	const char *fault = find_fault(exchange);
	struct websocket *ws;

	if (!connection || connection->peer_ended || connection->server->closing) {
		http_reply_error(request, 503, NULL, "no WebSocket can begin now");
		return NULL;
	}
	if (!http_request_is_websocket(request) || !version || strcmp(version, "13") != 0) {
		http_reply_header(request, "Upgrade", "websocket");
		http_reply_header(request, "Sec-WebSocket-Version", "13");
		http_reply_error(request, 426, NULL, "this is a WebSocket of version 13");
		return NULL;
	}
	if (fault) {
		http_reply_error(request, 400, NULL, fault);
		return NULL;
	}
	write_upgrade(connection, exchange);
	ws = hand_over(connection, config);
	http_exchange_free(exchange);
	return ws;
}
