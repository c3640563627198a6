/* Responses of servers and proxies: bounded, and the end is where it is. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "net/http.h"

#define BODY_MAX_BYTES 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = { "GET", "HEAD", "CONNECT" };
	CLEANUP(http_parser) struct http_parser *parser = NULL;
	const struct http_message *message;
	struct error err = { 0 };
	size_t at = 1;

	if (!size)
		return 0;
	parser = http_response_parser_new(HTTP_HEAD_MAX_BYTES, methods[data[0] % 3]);
	message = http_parser_message(parser);
	while (message->state != HTTP_DONE) {
		size_t n = size - at < 1 + data[0] / 3 ? size - at : 1 + data[0] / 3;
		ssize_t used = http_parser_feed(parser, (const char *)data + at, n, &err);

		if (used < 0) {
			assert(message->state == HTTP_FAILED && err.code < 0);
			return 0;
		}
		at += (size_t)used;
		assert(at <= size);
		if (message->state == HTTP_HEAD_DONE)
			http_parser_limit_body(parser, BODY_MAX_BYTES);
		else if (at == size)
			break;
	}
	if (http_parser_end(parser, &err) == 0) {
		assert(message->status >= 100 && message->status <= 599);
		assert(message->body.len <= BODY_MAX_BYTES);
	}
	return 0;
}
