#include "net/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

#define HEAD "POST /a HTTP/1.1\r\nHost: h\r\n"

/* Feeds all of it in pieces of 'step'; the bytes taken, or the failure's code. */
static ssize_t feed(struct http_parser *parser, const char *bytes, size_t len, size_t step,
		    struct error *err)
{
	const struct http_message *message = http_parser_message(parser);
	size_t at = 0;

	while (message->state != HTTP_DONE) {
		size_t n = len - at < step ? len - at : step;
		ssize_t used = http_parser_feed(parser, bytes + at, n, err);

		if (used < 0)
			return used;
		if (message->state == HTTP_HEAD_DONE)
			http_parser_limit_body(parser, 64);
		else if (!used && at == len)
			break;
		at += (size_t)used;
	}
	return (ssize_t)at;
}

static struct http_parser *parse(const char *bytes, size_t len, size_t step, ssize_t *used_out,
				 struct error *err)
{
	struct http_parser *parser = http_request_parser_new(HTTP_HEAD_MAX_BYTES);

	*err = (struct error) { 0 };
	*used_out = feed(parser, bytes, len, step, err);
	return parser;
}

static void check_refused(const char *bytes, size_t len, unsigned status)
{
	for (size_t step = 1; step <= len; step += step == 1 ? 6 : len) {
		struct error err;
		ssize_t used;
		CLEANUP(http_parser)
		struct http_parser *parser = parse(bytes, len, step, &used, &err);

		if (used >= 0 || http_parser_message(parser)->state != HTTP_FAILED)
			FAIL("taken in steps of %zu: %s", step, bytes);
		if (http_parser_message(parser)->status != status)
			FAIL("%u %s for %s", http_parser_message(parser)->status, err.text, bytes);
		if (!err.text[0])
			FAIL("no reason for %s", bytes);
	}
}

#define CHECK_REFUSED(bytes, status) check_refused(bytes, sizeof(bytes) - 1, status)

/* Exactly 'message' is taken of message and "GET /next". */
static struct http_parser *check_taken(const char *request, size_t step)
{
	CLEANUP(buf) struct buf bytes = { 0 };
	struct http_parser *parser;
	struct error err;
	ssize_t used;

	buf_init(&bytes, 64 * KIB);
	buf_add_text(&bytes, request);
	buf_add_text(&bytes, "GET /next HTTP/1.1\r\nHost: h\r\n\r\n");
	parser = parse(bytes.data, bytes.len, step, &used, &err);
	if (used < 0)
		FAIL("%s for %s", err.text, request);
	CHECK_INT(used, strlen(request));
	CHECK_INT(http_parser_message(parser)->state, HTTP_DONE);
	return parser;
}

TEST(a_request_is_taken_apart_whatever_its_pieces)
{
	static const char request[] =
		"POST /a%20b?c=d HTTP/1.1\r\nHost: h:80\r\nX-Y:  some thing \t\r\n"
		"Empty:\r\nContent-Length: 5\r\n\r\nhello";

	for (size_t step = 1; step < 200; step++) {
		CLEANUP(http_parser) struct http_parser *parser = check_taken(request, step);
		const struct http_message *message = http_parser_message(parser);

		CHECK_TEXT(message->method, "POST");
		CHECK_TEXT(message->target, "/a%20b?c=d");
		CHECK_INT(message->version, 11);
		CHECK_INT(message->n_fields, 4);
		CHECK_TEXT(http_find(message->fields, message->n_fields, "x-y"), "some thing");
		CHECK_TEXT(http_find(message->fields, message->n_fields, "empty"), "");
		CHECK_TEXT(buf_text(&message->body), "hello");
		CHECK(message->keep_alive && !message->expects && !message->upgrade);
	}
}

TEST(chunks_become_one_body_and_trailers_are_dropped)
{
	static const char request[] = HEAD "Transfer-Encoding: chunked\r\n\r\n"
					   "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX: y\r\n\r\n";

	for (size_t step = 1; step < 130; step++) {
		CLEANUP(http_parser) struct http_parser *parser = check_taken(request, step);
		const struct http_message *message = http_parser_message(parser);

		CHECK_TEXT(buf_text(&message->body), "hello");
		CHECK(!http_find(message->fields, message->n_fields, "x"));
	}
}

TEST(what_follows_a_request_is_left_alone)
{
	static const char *const requests[] = {
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"HEAD / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
		"GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nGET",
		"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
		"GET / HTTP/1.0\r\n\r\n",
		"OPTIONS /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		HEAD "Content-Length: 0\r\n\r\n",
		HEAD "Upgrade: h2c\r\nConnection: upgrade\r\nContent-Length: 2\r\n\r\nab",
	};

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		for (size_t step = 1; step < 120; step += 7)
			http_parser_free(check_taken(requests[i], step));
}

TEST(two_meanings_of_a_length_are_refused)
{
	CHECK_REFUSED(HEAD "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400);
	CHECK_REFUSED(HEAD "Content-Length: 3, 3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: +3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: -3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: 0x3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: \r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: 3 3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: 99999999999999999999\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length : 3\r\n\r\nabc", 400);
	CHECK_REFUSED(HEAD "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n", 400);
}

TEST(codings_other_than_chunked_are_refused)
{
	CHECK_REFUSED(HEAD "Transfer-Encoding: identity\r\n\r\nGET / HTTP/1.1\r\n\r\n", 501);
	CHECK_REFUSED(HEAD "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501);
	CHECK_REFUSED(HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: \r\n\r\n0\r\n\r\n", 501);
	CHECK_REFUSED(HEAD "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD
		      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		      400);
	CHECK_REFUSED("POST / HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		      400);
}

TEST(broken_chunks_are_refused)
{
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n-1\r\nabc\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc", 400);
	CHECK_REFUSED(HEAD "Transfer-Encoding: chunked\r\n\r\n41\r\n", 413);
}

TEST(lines_end_in_one_way)
{
	CHECK_REFUSED("GET / HTTP/1.1\nHost: h\n\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\n\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\rHost: h\r\r", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX: a\rb\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n b\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX: a\r\n\tb\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX: a\x01"
		      "b\r\n\r\n",
		      400);
}

TEST(fields_without_a_plain_name_are_refused)
{
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\n: x\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX Y: x\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nX(): x\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\n\xc3\xa4: x\r\n\r\n", 400);
}

TEST(other_versions_are_refused)
{
	CHECK_REFUSED("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505);
	CHECK_REFUSED("GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505);
	CHECK_REFUSED("GET / HTTP/1.9\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET /\r\n\r\n", 505);
	CHECK_REFUSED("GET / http/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/11\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400);
}

TEST(targets_are_paths)
{
	CHECK_REFUSED("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET /\xff HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET /\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 501);
	CHECK_REFUSED("TRACE / HTTP/1.1\r\nHost: h\r\n\r\n", 501);
	CHECK_REFUSED("get / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
	CHECK_REFUSED("GETT / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
}

TEST(there_is_one_host)
{
	CHECK_REFUSED("GET / HTTP/1.1\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost:\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400);
	CHECK_REFUSED("GET / HTTP/1.1\r\nHost: h\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
		      400);
}

TEST(who_expects_something_else_is_told)
{
	struct error err;
	ssize_t used;
	CLEANUP(http_parser)
	struct http_parser *parser = parse(HEAD "Expect: 100-Continue\r\nContent-Length: 1\r\n\r\n",
					   70, 70, &used, &err);

	CHECK(used > 0 && http_parser_message(parser)->expects);
	CHECK_REFUSED(HEAD "Expect: bogus\r\n\r\n", 417);
}

static void check_long(const char *before, char fill, size_t n, const char *after, unsigned status)
{
	CLEANUP(buf) struct buf bytes = { 0 };

	buf_init(&bytes, MIB);
	buf_add_text(&bytes, before);
	for (size_t i = 0; i < n; i++)
		buf_add(&bytes, &fill, 1);
	buf_add_text(&bytes, after);
	check_refused(bytes.data, bytes.len, status);
}

TEST(heads_are_bounded)
{
	CLEANUP(buf) struct buf many = { 0 };

	check_long("GET /", 'a', HTTP_TARGET_MAX_BYTES, " HTTP/1.1\r\nHost: h\r\n\r\n", 414);
	check_long("GET / HTTP/1.1\r\nHost: h\r\nX: ", 'a', HTTP_HEAD_MAX_BYTES, "\r\n\r\n", 431);
	check_long("GET / HTTP/1.1\r\nHost: h\r\n", 'a', HTTP_HEAD_MAX_BYTES, ": b\r\n\r\n", 431);
	check_long("", '\r', 0, "\r\r\n", 400);
	buf_init(&many, MIB);
	buf_add_text(&many, "GET / HTTP/1.1\r\nHost: h\r\n");
	for (unsigned i = 0; i < 2000; i++)
		buf_add_text(&many, "a:\r\n");
	buf_add_text(&many, "\r\n");
	check_refused(many.data, many.len, 431);
}

TEST(endless_empty_lines_are_no_request)
{
	CLEANUP(buf) struct buf bytes = { 0 };

	buf_init(&bytes, MIB);
	for (unsigned i = 0; i < HTTP_HEAD_MAX_BYTES; i++)
		buf_add_text(&bytes, "\r\n");
	check_refused(bytes.data, bytes.len, 431);
}

TEST(bodies_are_bounded)
{
	CLEANUP(buf) struct buf bytes = { 0 };

	CHECK_REFUSED(HEAD "Content-Length: 65\r\n\r\n", 413);
	CHECK_REFUSED(HEAD "Expect: 100-continue\r\nContent-Length: 65\r\n\r\n", 413);
	buf_init(&bytes, MIB);
	buf_add_text(&bytes, HEAD "Transfer-Encoding: chunked\r\n\r\n1;");
	for (unsigned i = 0; i < 2 * HTTP_HEAD_MAX_BYTES; i++)
		buf_add_text(&bytes, "x");
	check_refused(bytes.data, bytes.len, 413);
}
