/* One request: from its parsed head to its answer. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "net/http_server_internal.h"
#include "net/url.h"

#define HEADERS_MAX_BYTES (16 * KIB)

static void describe_peer(struct http_connection *connection, struct http_peer *peer)
{
	SSL *tls = stream_tls(connection->stream);
	struct ucred other;
	socklen_t len = sizeof(other);

	text_format(peer->address, sizeof(peer->address), "%s", connection->address);
	peer->port = connection->port;
	peer->uid = (uid_t)-1;
	if (tls) {
		peer->certificate = SSL_get0_peer_certificate(tls);
		peer->expired = peer->certificate && SSL_get_verify_result(tls) != X509_V_OK;
	} else if (!connection->address[0] &&
		   getsockopt(bufferevent_getfd(connection->stream), SOL_SOCKET, SO_PEERCRED,
			      &other, &len) == 0) {
		peer->uid = other.uid;
	}
}

static int read_target(struct http_exchange *exchange, struct error *err)
{
	const char *target = exchange->message->target;
	size_t n_path = strcspn(target, "?");

	exchange->path = url_decode_path((struct str) { target, n_path }, err);
	if (!exchange->path)
		return err->code;
	if (!target[n_path])
		return 0;
	return http_form_parse((struct str) { target + n_path + 1, strlen(target + n_path + 1) },
			       &exchange->form, err);
}

struct http_exchange *http_exchange_new(struct http_connection *connection, struct error *err)
{
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		abort();
	exchange->message = http_parser_message(connection->parser);
	if (read_target(exchange, err) < 0) {
		http_exchange_free(exchange);
		return NULL;
	}
	exchange->connection = connection;
	exchange->parser = connection->parser;
	buf_init(&exchange->headers, HEADERS_MAX_BYTES);
	describe_peer(connection, &exchange->peer);
	exchange->request = (struct http_request) {
		.method = exchange->message->method,
		.target = exchange->message->target,
		.path = exchange->path,
		.form = &exchange->form,
		.fields = exchange->message->fields,
		.n_fields = exchange->message->n_fields,
		.body = "",
		.peer = &exchange->peer,
	};
	return exchange;
}

void http_exchange_free(struct http_exchange *exchange)
{
	if (!exchange)
		return;
	http_parser_free(exchange->parser);
	http_form_finish(&exchange->form);
	buf_finish(&exchange->headers);
	free(exchange->path);
	free(exchange);
}

void http_exchange_lose(struct http_exchange *exchange)
{
	bool handled = exchange->connection->state == HTTP_WAITING;

	exchange->connection = NULL;
	/* The certificate goes with the connection. */
	exchange->peer.certificate = NULL;
	if (handled && !exchange->request.gone)
		return; /* http_reply() will free it */
	if (handled)
		exchange->request.gone(&exchange->request);
	http_exchange_free(exchange);
}

const char *http_request_field(const struct http_request *request, const char *name)
{
	return http_find(request->fields, request->n_fields, name);
}

const char *http_request_query(const struct http_request *request, const char *name)
{
	return http_find(request->form->fields, request->form->n_fields, name);
}

void http_reply_header(struct http_request *request, const char *name, const char *value)
{
	struct http_exchange *exchange = container_of(request, struct http_exchange, request);
	size_t at;

	buf_add_format(&exchange->headers, "%s: ", name);
	at = exchange->headers.len;
	buf_add_text(&exchange->headers, value);
	for (; at < exchange->headers.len; at++)
		if ((unsigned char)exchange->headers.data[at] < ' ' ||
		    exchange->headers.data[at] == 0x7f)
			exchange->headers.data[at] = ' ';
	buf_add_text(&exchange->headers, "\r\n");
}

static void add_date(struct buf *head)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	if (!gmtime_r(&now, &tm))
		return;
	buf_add_format(head, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n", days[tm.tm_wday],
		       tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
		       tm.tm_sec);
}

static bool has_no_body(unsigned status)
{
	return status / 100 == 1 || status == 204 || status == 304;
}

void http_write_head(struct http_connection *connection, struct http_exchange *exchange,
		     unsigned status, const char *type, const size_t *length)
{
	CLEANUP(buf) struct buf head = { 0 };

	buf_init(&head, HEADERS_MAX_BYTES + KIB);
	buf_add_format(&head, "HTTP/1.1 %u %s\r\n", status, http_reason(status));
	add_date(&head);
	if (type && !has_no_body(status))
		buf_add_format(&head, "Content-Type: %s\r\n", type);
	if (length && !has_no_body(status))
		buf_add_format(&head, "Content-Length: %zu\r\n", *length);
	else if (!length && exchange->message->version == 11)
		buf_add_text(&head, "Transfer-Encoding: chunked\r\n");
	if (connection->close_after)
		buf_add_text(&head, "Connection: close\r\n");
	if (exchange)
		buf_add(&head, buf_text(&exchange->headers), exchange->headers.len);
	buf_add_text(&head, "\r\n");
	http_connection_write(connection, head.data, head.len);
}

void http_reply(struct http_request *request, unsigned status, const char *type, const void *body,
		size_t len)
{
	struct http_exchange *exchange = container_of(request, struct http_exchange, request);
	struct http_connection *connection = exchange->connection;

	if (connection) {
		connection->close_after |= connection->server->closing;
		http_write_head(connection, exchange, status, type, &len);
		if (strcmp(request->method, "HEAD") != 0 && !has_no_body(status) && len)
			http_connection_write(connection, body, len);
		connection->exchange = NULL;
		http_connection_replied(connection);
	}
	http_exchange_free(exchange);
}

void http_reply_json(struct http_request *request, unsigned status, json_t *body)
{
	CLEANUP(text) char *text = json_dumps(body, JSON_COMPACT | JSON_ENCODE_ANY);

	if (!text)
		abort();
	json_decref(body);
	http_reply(request, status, "application/json", text, strlen(text));
}

/* "Not Found" is not_found. */
static void word_of(unsigned status, char *word, size_t size)
{
	text_format(word, size, "%s", http_reason(status));
	for (char *at = word; *at; at++)
		if (*at == ' ')
			*at = '_';
		else if (*at >= 'A' && *at <= 'Z')
			*at += 'a' - 'A';
}

json_t *http_error_json(unsigned status, const char *code, const char *sentence)
{
	json_t *body = json_object();
	char word[64];

	word_of(status, word, sizeof(word));
	json_put(body, "error", json_text(sentence, strlen(sentence)));
	json_put(body, "code", json_string(code ? code : word));
	return body;
}

void http_reply_error(struct http_request *request, unsigned status, const char *code,
		      const char *sentence)
{
	http_reply_json(request, status, http_error_json(status, code, sentence));
}
