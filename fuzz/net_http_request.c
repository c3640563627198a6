/* Requests: the same bytes mean the same in whatever pieces they come. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "net/http.h"

#define BODY_MAX_BYTES 4096

/* Bytes taken, or a negative errno. */
static ssize_t feed(struct http_parser *parser, const char *bytes, size_t len, size_t step)
{
	const struct http_message *message = http_parser_message(parser);
	struct error err = { 0 };
	size_t at = 0;

	while (message->state != HTTP_DONE) {
		size_t n = len - at < step ? len - at : step;
		ssize_t used = http_parser_feed(parser, bytes + at, n, &err);

		if (used < 0) {
			assert(message->state == HTTP_FAILED);
			assert(message->status >= 400 && message->status <= 505 && err.text[0]);
			return used;
		}
		assert((size_t)used <= n);
		at += (size_t)used;
		if (message->state == HTTP_HEAD_DONE)
			http_parser_limit_body(parser, BODY_MAX_BYTES);
		else if (at == len && message->state != HTTP_DONE)
			break;
	}
	return (ssize_t)at;
}

static void check_message(const struct http_message *message)
{
	for (const char *at = message->target; *at; at++)
		assert(*at > ' ' && *at < 0x7f);
	assert(message->target[0] == '/' && message->n_fields <= HTTP_MAX_FIELDS);
	assert(message->body.len <= BODY_MAX_BYTES);
	for (unsigned i = 0; i < message->n_fields; i++) {
		assert(message->fields[i].name[0]);
		assert(!strpbrk(message->fields[i].value, "\r\n"));
	}
	assert(message->has_body || !message->body.len);
}

static void check_same(const struct http_message *a, const struct http_message *b)
{
	assert(a->state == b->state && a->n_fields == b->n_fields);
	assert(a->body.len == b->body.len);
	assert(!a->body.len || memcmp(a->body.data, b->body.data, a->body.len) == 0);
}

static void parse_query(const char *target)
{
	CLEANUP(http_form) struct http_form form = { 0 };
	const char *query = strchr(target, '?');
	struct error err = { 0 };

	if (query &&
	    http_form_parse((struct str) { query + 1, strlen(query + 1) }, &form, &err) < 0)
		assert(err.code < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(http_parser) struct http_parser *whole = NULL;
	CLEANUP(http_parser) struct http_parser *pieces = NULL;
	const char *bytes = (const char *)data + 1;
	ssize_t used;

	if (!size)
		return 0;
	whole = http_request_parser_new(HTTP_HEAD_MAX_BYTES);
	pieces = http_request_parser_new(HTTP_HEAD_MAX_BYTES);
	used = feed(whole, bytes, size - 1, size);
	if (used < 0) {
		assert(feed(pieces, bytes, size - 1, 1 + data[0] % 16) < 0);
		return 0;
	}
	assert(feed(pieces, bytes, size - 1, 1 + data[0] % 16) == used);
	check_same(http_parser_message(whole), http_parser_message(pieces));
	if (http_parser_message(whole)->state == HTTP_DONE) {
		check_message(http_parser_message(whole));
		parse_query(http_parser_message(whole)->target);
	}
	return 0;
}
