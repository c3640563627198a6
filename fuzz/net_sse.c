/* A stream of events from a server: the same events however it is cut. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "net/sse_parser.h"

struct heard {
	struct sse_parser parser;
	struct buf text;
};

static int hear(struct sse_parser *parser, const struct sse_event *event, struct error *err)
{
	struct heard *heard = container_of(parser, struct heard, parser);

	(void)err;
	assert(strlen(event->data) <= event->n_data);
	buf_add_format(&heard->text, "%s|%s|", event->event ? event->event : "-",
		       event->id ? event->id : "-");
	buf_add(&heard->text, event->data, event->n_data);
	return 0;
}

static void read_in_pieces(const char *text, size_t len, size_t piece, struct buf *out)
{
	struct heard heard;
	struct error err = { 0 };

	sse_parser_init(&heard.parser, hear);
	buf_init(&heard.text, 4 * MIB);
	for (size_t at = 0; at < len; at += piece)
		if (sse_parser_feed(&heard.parser, text + at, len - at < piece ? len - at : piece,
				    &err) < 0)
			break;
	buf_add(out, buf_text(&heard.text), heard.text.len);
	sse_parser_finish(&heard.parser);
	buf_finish(&heard.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(buf) struct buf whole = { 0 };
	CLEANUP(buf) struct buf cut = { 0 };

	if (!size)
		return 0;
	buf_init(&whole, 4 * MIB);
	buf_init(&cut, 4 * MIB);
	read_in_pieces((const char *)data + 1, size - 1, size, &whole);
	read_in_pieces((const char *)data + 1, size - 1, data[0] % 16 + 1, &cut);
	assert(whole.len == cut.len);
	assert(!whole.len || memcmp(whole.data, cut.data, whole.len) == 0);
	return 0;
}
