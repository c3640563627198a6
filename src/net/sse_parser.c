#include "net/sse_parser.h"

#include <errno.h>
#include <string.h>

#define RETRY_MAX_DIGITS 9 /* eleven days */

static const char byte_order_mark[] = "\xef\xbb\xbf";

void sse_parser_init(struct sse_parser *parser,
		     int (*handle)(struct sse_parser *parser, const struct sse_event *event,
				   struct error *err))
{
	*parser = (struct sse_parser) { .handle = handle };
	buf_init(&parser->line, SSE_LINE_MAX_BYTES);
	buf_init(&parser->data, SSE_DATA_MAX_BYTES);
}

void sse_parser_finish(struct sse_parser *parser)
{
	buf_finish(&parser->line);
	buf_finish(&parser->data);
}

static int dispatch(struct sse_parser *parser, struct error *err)
{
	const struct sse_event event = {
		.id = parser->has_id ? parser->id : NULL,
		.event = parser->has_event && parser->event[0] ? parser->event : NULL,
		.data = buf_text(&parser->data),
		.n_data = parser->data.len,
	};
	int r = parser->has_data ? parser->handle(parser, &event, err) : 0;

	parser->has_data = parser->has_event = false;
	buf_clear(&parser->data);
	return r;
}

static int add_data(struct sse_parser *parser, struct str value, struct error *err)
{
	if (parser->has_data)
		buf_add(&parser->data, "\n", 1);
	parser->has_data = true;
	buf_add(&parser->data, value.data, value.len);
	return parser->data.dropped ? error_set(err, -E2BIG, "an event is larger than %zu bytes",
						(size_t)SSE_DATA_MAX_BYTES)
				    : 0;
}

static void set_name(char name[SSE_NAME_BYTES], struct str value)
{
	size_t len = value.len < SSE_NAME_BYTES - 1 ? value.len : SSE_NAME_BYTES - 1;

	memcpy(name, value.data, len);
	name[len] = '\0';
}

static bool is_field(struct str line, size_t n_name, const char *name)
{
	return n_name == strlen(name) && memcmp(line.data, name, n_name) == 0;
}

/* Digits alone, of milliseconds; anything else is ignored. */
static void set_retry(struct sse_parser *parser, struct str value)
{
	uint64_t wait_ms = 0;

	if (!value.len || value.len > RETRY_MAX_DIGITS)
		return;
	for (size_t i = 0; i < value.len; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return;
		wait_ms = 10 * wait_ms + (uint64_t)(value.data[i] - '0');
	}
	parser->retry_ns = wait_ms * NS_PER_MS;
}

static int take_line(struct sse_parser *parser, struct str line, struct error *err)
{
	const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	size_t n_name = colon ? (size_t)(colon - line.data) : line.len;
	size_t skip = colon ? n_name + 1 : line.len;
	struct str value = { line.data + skip, line.len - skip };

	if (!line.len)
		return dispatch(parser, err);
	if (value.len && value.data[0] == ' ')
		value = (struct str) { value.data + 1, value.len - 1 };
	if (is_field(line, n_name, "data"))
		return add_data(parser, value, err);
	if (is_field(line, n_name, "event")) {
		parser->has_event = true;
		set_name(parser->event, value);
	} else if (is_field(line, n_name, "retry")) {
		set_retry(parser, value);
	} else if (is_field(line, n_name, "id") && !memchr(value.data, '\0', value.len)) {
		parser->has_id = true;
		set_name(parser->id, value);
	}
	return 0;
}

static int end_line(struct sse_parser *parser, struct error *err)
{
	struct str line = { buf_text(&parser->line), parser->line.len };
	int r;

	if (!parser->is_begun && line.len >= 3 && memcmp(line.data, byte_order_mark, 3) == 0)
		line = (struct str) { line.data + 3, line.len - 3 };
	parser->is_begun = true;
	r = take_line(parser, line, err);
	buf_clear(&parser->line);
	return r;
}

int sse_parser_feed(struct sse_parser *parser, const char *bytes, size_t len, struct error *err)
{
	const char *end = bytes + len;

	while (bytes < end) {
		const char *at = bytes;
		int r;

		if (parser->after_cr && *at == '\n') {
			parser->after_cr = false;
			bytes++;
			continue;
		}
		parser->after_cr = false;
		while (at < end && *at != '\n' && *at != '\r')
			at++;
		buf_add(&parser->line, bytes, (size_t)(at - bytes));
		if (parser->line.dropped)
			return error_set(err, -E2BIG, "a line is longer than %zu bytes",
					 (size_t)SSE_LINE_MAX_BYTES);
		if (at == end)
			return 0;
		parser->after_cr = *at == '\r';
		bytes = at + 1;
		r = end_line(parser, err);
		if (r < 0)
			return r;
	}
	return 0;
}
