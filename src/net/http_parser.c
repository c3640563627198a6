#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_internal.h"

/* Chunks of one byte cost six on the wire; trailers are bounded by the same. */
#define WIRE_PER_BODY_BYTE 8

int http_fail(struct http_parser *parser, unsigned status, struct error *err, const char *why)
{
	int code = -EBADMSG;

	if (status == 413 || status == 414 || status == 431)
		code = -E2BIG;
	else if (status == 501 || status == 505 || status == 417)
		code = -ENOTSUP;
	parser->message.state = HTTP_FAILED;
	if (parser->is_request)
		parser->message.status = status;
	return error_set(err, code, "%s", why);
}

static struct http_parser *parser_of(llhttp_t *llhttp)
{
	return llhttp->data;
}

/* For callbacks: what stops llhttp is told by http_parser_feed(). */
static int stop(struct http_parser *parser, unsigned status, const char *why)
{
	parser->failed_status = status;
	parser->failed_why = why;
	return HPE_USER;
}

/* Never beyond max_head_bytes: each text is shorter than its line on the wire. */
static int add_text(struct http_parser *parser, const char *bytes, size_t len)
{
	if (len >= parser->max_head_bytes - parser->n_text)
		return stop(parser, 431, "the head is too long");
	memcpy(parser->head + parser->n_text, bytes, len);
	parser->n_text += len;
	parser->head[parser->n_text] = '\0';
	return 0;
}

static int handle_url(llhttp_t *llhttp, const char *bytes, size_t len)
{
	struct http_parser *parser = parser_of(llhttp);

	if (parser->n_text + len > HTTP_TARGET_MAX_BYTES)
		return stop(parser, 414, "the request target is too long");
	return add_text(parser, bytes, len);
}

static int handle_url_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = parser_of(llhttp);
	int r = add_text(parser, "", 1);

	parser->name_at = parser->n_text;
	return r;
}

static int handle_field(llhttp_t *llhttp, const char *bytes, size_t len)
{
	struct http_parser *parser = parser_of(llhttp);
	size_t at = parser->n_text;
	int r;

	if (parser->message.state != HTTP_IN_HEAD) /* a trailer */
		return 0;
	r = add_text(parser, bytes, len);
	for (; r == 0 && at < parser->n_text; at++)
		if (parser->head[at] >= 'A' && parser->head[at] <= 'Z')
			parser->head[at] += 'a' - 'A';
	return r;
}

static int handle_field_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = parser_of(llhttp);
	int r;

	if (parser->message.state != HTTP_IN_HEAD)
		return 0;
	r = add_text(parser, "", 1);
	parser->value_at = parser->n_text;
	return r;
}

static int handle_value(llhttp_t *llhttp, const char *bytes, size_t len)
{
	struct http_parser *parser = parser_of(llhttp);

	return parser->message.state == HTTP_IN_HEAD ? add_text(parser, bytes, len) : 0;
}

static int handle_value_complete(llhttp_t *llhttp)
{
	struct http_parser *parser = parser_of(llhttp);
	struct http_message *message = &parser->message;

	if (message->state != HTTP_IN_HEAD)
		return 0;
	while (parser->n_text > parser->value_at && (parser->head[parser->n_text - 1] == ' ' ||
						     parser->head[parser->n_text - 1] == '\t'))
		parser->n_text--;
	for (size_t at = parser->value_at; at < parser->n_text; at++)
		if (((unsigned char)parser->head[at] < ' ' && parser->head[at] != '\t') ||
		    parser->head[at] == 0x7f)
			return stop(parser, 400, "a field has a control character");
	if (message->n_fields == HTTP_MAX_FIELDS)
		return stop(parser, 431, "too many fields");
	parser->fields[message->n_fields++] = (struct http_field) {
		.name = parser->head + parser->name_at,
		.value = parser->head + parser->value_at,
	};
	if (add_text(parser, "", 1) < 0 || parser->failed_status)
		return HPE_USER;
	parser->name_at = parser->n_text;
	return 0;
}

static int handle_headers_complete(llhttp_t *llhttp UNUSED)
{
	return HPE_PAUSED;
}

static int handle_body(llhttp_t *llhttp, const char *bytes, size_t len)
{
	struct http_parser *parser = parser_of(llhttp);
	struct buf *body = &parser->message.body;

	if (len > body->max - body->len)
		return stop(parser, 413, "the body is too long");
	buf_add(body, bytes, len);
	return 0;
}

static int handle_chunk_header(llhttp_t *llhttp)
{
	struct http_parser *parser = parser_of(llhttp);
	const struct buf *body = &parser->message.body;

	if (llhttp->content_length > body->max - body->len)
		return stop(parser, 413, "the body is too long");
	return 0;
}

static int handle_message_complete(llhttp_t *llhttp)
{
	parser_of(llhttp)->message.state = HTTP_DONE;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_url = handle_url,
	.on_url_complete = handle_url_complete,
	.on_header_field = handle_field,
	.on_header_field_complete = handle_field_complete,
	.on_header_value = handle_value,
	.on_header_value_complete = handle_value_complete,
	.on_headers_complete = handle_headers_complete,
	.on_body = handle_body,
	.on_chunk_header = handle_chunk_header,
	.on_message_complete = handle_message_complete,
};

static void begin(struct http_parser *parser)
{
	llhttp_init(&parser->llhttp, parser->is_request ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
	parser->llhttp.data = parser;
	/* The blanks of a reason are its own affair. */
	parser->lines = (struct http_lines) { .past_first = !parser->is_request };
	parser->n_text = parser->name_at = parser->value_at = 0;
	parser->message.state = HTTP_IN_HEAD;
	parser->message.n_fields = 0;
	parser->message.fields = parser->fields;
}

static struct http_parser *parser_new(size_t max_head_bytes)
{
	struct http_parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		abort();
	parser->max_head_bytes = max_head_bytes;
	parser->head = malloc(max_head_bytes);
	if (!parser->head)
		abort();
	parser->head[0] = '\0';
	return parser;
}

struct http_parser *http_request_parser_new(size_t max_head_bytes)
{
	struct http_parser *parser = parser_new(max_head_bytes);

	parser->is_request = true;
	begin(parser);
	return parser;
}

struct http_parser *http_response_parser_new(size_t max_head_bytes, const char *method)
{
	struct http_parser *parser = parser_new(max_head_bytes);

	parser->answers_head = strcmp(method, "HEAD") == 0;
	parser->answers_connect = strcmp(method, "CONNECT") == 0;
	begin(parser);
	return parser;
}

void http_parser_free(struct http_parser *parser)
{
	if (!parser)
		return;
	buf_finish(&parser->message.body);
	free(parser->head);
	free(parser);
}

void http_parser_cleanup(struct http_parser **parser)
{
	http_parser_free(*parser);
}

const struct http_message *http_parser_message(const struct http_parser *parser)
{
	return &parser->message;
}

void http_parser_limit_body(struct http_parser *parser, size_t max_bytes)
{
	parser->message.body.max = max_bytes;
}

static int fail_as_llhttp_says(struct http_parser *parser, struct error *err)
{
	const char *reason = llhttp_get_error_reason(&parser->llhttp);

	if (parser->failed_status)
		return http_fail(parser, parser->failed_status, err, parser->failed_why);
	return http_fail(parser, 400, err, reason && *reason ? reason : "no HTTP");
}

static ssize_t used_of(struct http_parser *parser, const char *bytes)
{
	return llhttp_get_error_pos(&parser->llhttp) - bytes;
}

static int finish_head(struct http_parser *parser, struct error *err)
{
	struct http_message *message = &parser->message;
	int r;

	if (parser->is_request) {
		message->method = llhttp_method_name(llhttp_get_method(&parser->llhttp));
		message->target = parser->head;
	} else {
		message->status = (unsigned)llhttp_get_status_code(&parser->llhttp);
	}
	r = http_head_check(parser, err);
	if (r < 0)
		return r;
	if (!parser->is_request && message->status / 100 == 1 && message->status != 101)
		begin(parser); /* "100 Continue" goes before the response */
	else
		message->state = HTTP_HEAD_DONE;
	return 0;
}

/* How far the head goes at most, with the byte that would be too many. */
static int check_lines(struct http_parser *parser, const char *bytes, size_t len, struct error *err)
{
	for (size_t i = 0; i < len && !parser->lines.ended; i++) {
		const char *why = http_lines_take(&parser->lines, bytes[i]);

		if (why)
			return http_fail(parser, 400, err, why);
	}
	return 0;
}

static ssize_t feed_head(struct http_parser *parser, const char *bytes, size_t len,
			 struct error *err)
{
	size_t room = parser->max_head_bytes - parser->n_head;
	enum llhttp_errno verdict;
	ssize_t used;
	int r;

	if (!room)
		return http_fail(parser, 431, err, "the head is too long");
	if (len > room)
		len = room;
	r = check_lines(parser, bytes, len, err);
	if (r < 0)
		return r;
	verdict = llhttp_execute(&parser->llhttp, bytes, len);
	used = verdict == HPE_OK ? (ssize_t)len : used_of(parser, bytes);
	parser->n_head += (size_t)used;
	if (verdict == HPE_OK)
		return used;
	/* The two readers must agree where the head ends. */
	if (verdict != HPE_PAUSED || parser->failed_status || !parser->lines.ended)
		return fail_as_llhttp_says(parser, err);
	r = finish_head(parser, err);
	return r < 0 ? r : used;
}

static ssize_t feed_body(struct http_parser *parser, const char *bytes, size_t len,
			 struct error *err)
{
	struct http_message *message = &parser->message;
	uint64_t max_wire = (uint64_t)message->body.max * WIRE_PER_BODY_BYTE + HTTP_HEAD_MAX_BYTES;
	enum llhttp_errno verdict;
	ssize_t used;

	if (!len)
		return 0;
	message->expects = false;
	verdict = llhttp_execute(&parser->llhttp, bytes, len);
	used = verdict == HPE_OK ? (ssize_t)len : used_of(parser, bytes);
	if (verdict != HPE_OK && (message->state != HTTP_DONE || parser->failed_status))
		return fail_as_llhttp_says(parser, err);
	parser->n_wire += (uint64_t)used;
	if (parser->n_wire > max_wire)
		return http_fail(parser, 413, err, "the body is too long");
	return used;
}

/* From HTTP_HEAD_DONE to the body, or to the end where there is none. */
static int start_body(struct http_parser *parser, struct error *err)
{
	struct http_message *message = &parser->message;

	if (!message->has_body) {
		message->state = HTTP_DONE;
		return 0;
	}
	if (message->n_declared > message->body.max)
		return http_fail(parser, 413, err, "the body is too long");
	message->state = HTTP_IN_BODY;
	llhttp_resume(&parser->llhttp);
	return 0;
}

ssize_t http_parser_feed(struct http_parser *parser, const char *bytes, size_t len,
			 struct error *err)
{
	struct http_message *message = &parser->message;
	int r;

	if (message->state == HTTP_IN_HEAD)
		return len ? feed_head(parser, bytes, len, err) : 0;
	if (message->state == HTTP_HEAD_DONE) {
		r = start_body(parser, err);
		if (r < 0)
			return r;
	}
	if (message->state == HTTP_IN_BODY)
		return feed_body(parser, bytes, len, err);
	if (message->state == HTTP_FAILED)
		return error_set(err, -EBADMSG, "the message is broken");
	return 0;
}

int http_parser_end(struct http_parser *parser, struct error *err)
{
	if (parser->message.state == HTTP_DONE)
		return 0;
	if (parser->message.state == HTTP_IN_BODY && parser->until_end) {
		parser->message.state = HTTP_DONE;
		return 0;
	}
	parser->message.state = HTTP_FAILED;
	return error_set(err, -EPIPE, "the connection ended within a message");
}
