/* Responses, as a client parses them. */
#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "net/http.h"

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

static struct http_parser *respond(const char *method, const char *bytes, int *end_out)
{
	struct http_parser *parser = http_response_parser_new(HTTP_HEAD_MAX_BYTES, method);
	struct error err = { 0 };
	ssize_t used = feed(parser, bytes, strlen(bytes), 3, &err);

	*end_out = used < 0 ? (int)used : http_parser_end(parser, &err);
	return parser;
}

static void check_response(const char *method, const char *bytes, unsigned status, const char *body)
{
	int end;
	CLEANUP(http_parser) struct http_parser *parser = respond(method, bytes, &end);

	CHECK_INT(end, 0);
	CHECK_INT(http_parser_message(parser)->status, status);
	CHECK_TEXT(buf_text(&http_parser_message(parser)->body), body);
}

TEST(responses_end_where_their_request_says)
{
	check_response("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", 200, "ab");
	check_response("GET", "HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, "until the end");
	check_response("GET", "HTTP/1.0 200\r\n\r\nx", 200, "x");
	check_response("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", 200, "");
	check_response("GET", "HTTP/1.1 204 No Content\r\n\r\n", 204, "");
	check_response("GET",
		       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nA: b\r\n\r\n"
		       "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
		       404, "");
	check_response("CONNECT", "HTTP/1.1 200 Connected\r\n\r\n", 200, "");
	check_response("GET",
		       "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n"
		       "Connection: Upgrade\r\n\r\n",
		       101, "");
	check_response("GET",
		       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nz\r\n0\r\n\r\n",
		       200, "z");
}

TEST(broken_responses_are_refused)
{
	static const char *const bad[] = {
		"",
		"HTTP/1.1",
		"HTTP/1.1 200 OK\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: "
		"chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.1 2000 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"HTTP/1.1 200 OK\nA: b\n\n",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int end;
		CLEANUP(http_parser) struct http_parser *parser = respond("GET", bad[i], &end);

		if (end == 0)
			FAIL("taken: %s", bad[i]);
		CHECK_INT(http_parser_message(parser)->state, HTTP_FAILED);
	}
}
