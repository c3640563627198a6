#include "net/sse_parser.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

/* What was heard, as "event|id|data;". */
struct heard {
	struct sse_parser parser;
	struct buf text;
};

static int hear(struct sse_parser *parser, const struct sse_event *event, struct error *err UNUSED)
{
	struct heard *heard = container_of(parser, struct heard, parser);

	buf_add_format(&heard->text, "%s|%s|%s;", event->event ? event->event : "-",
		       event->id ? event->id : "-", event->data);
	return strcmp(event->data, "stop") == 0 ? -ECANCELED : 0;
}

static void heard_init(struct heard *heard)
{
	sse_parser_init(&heard->parser, hear);
	buf_init(&heard->text, 64 * KIB);
}

static void heard_cleanup(struct heard *heard)
{
	sse_parser_finish(&heard->parser);
	buf_finish(&heard->text);
}

static const char stream[] = "\xef\xbb\xbf: a comment\r\n"
			     "event: one\rdata: first\rdata:second\r\r"
			     "data\n\n"
			     "id: 7\ndata:  two blanks\n\n"
			     "retry: 10\nunknown: x\nevent: lost\n\n"
			     "event: three\r\ndata: {\"a\": 1}\r\n\r\n"
			     "data: cut off";
static const char expected[] = "one|-|first\nsecond;-|-|;-|7| two blanks;three|7|{\"a\": 1};";

TEST(events_are_the_same_wherever_the_stream_is_cut)
{
	size_t len = sizeof(stream) - 1;

	for (size_t cut = 0; cut <= len; cut++) {
		CLEANUP(heard) struct heard heard;
		struct error err = { 0 };

		heard_init(&heard);
		CHECK_OK(sse_parser_feed(&heard.parser, stream, cut, &err), err);
		CHECK_OK(sse_parser_feed(&heard.parser, stream + cut, len - cut, &err), err);
		CHECK_TEXT(buf_text(&heard.text), expected);
	}
}

TEST(it_is_known_where_and_when_to_go_on)
{
	static const char text[] =
		"retry: soon\nid: 7\nretry: 1500\ndata: \n\nid: 8\ndata: cut off";
	CLEANUP(heard) struct heard heard;
	struct error err = { 0 };

	heard_init(&heard);
	CHECK_OK(sse_parser_feed(&heard.parser, text, strlen(text), &err), err);
	CHECK_TEXT(heard.parser.id, "8");
	CHECK(heard.parser.retry_ns == 1500 * NS_PER_MS);
	CHECK_TEXT(buf_text(&heard.text), "-|7|;");
}

TEST(a_handler_ends_the_reading)
{
	static const char text[] = "data: go\n\ndata: stop\n\ndata: on\n\n";
	CLEANUP(heard) struct heard heard;
	struct error err = { 0 };

	heard_init(&heard);
	CHECK_INT(sse_parser_feed(&heard.parser, text, strlen(text), &err), -ECANCELED);
	CHECK_TEXT(buf_text(&heard.text), "-|-|go;-|-|stop;");
}

TEST(a_line_and_an_event_have_a_ceiling)
{
	static char line[64 * KIB];
	CLEANUP(heard) struct heard heard;
	struct error err = { 0 };
	int r = 0;

	heard_init(&heard);
	memset(line, 'x', sizeof(line));
	for (size_t i = 0; i <= SSE_LINE_MAX_BYTES / sizeof(line) && r == 0; i++)
		r = sse_parser_feed(&heard.parser, line, sizeof(line), &err);
	CHECK_INT(r, -E2BIG);
	heard_cleanup(&heard);

	heard_init(&heard);
	memcpy(line, "data:", 5);
	line[sizeof(line) - 1] = '\n';
	r = 0;
	for (size_t i = 0; i <= 2 * SSE_DATA_MAX_BYTES / sizeof(line) && r == 0; i++)
		r = sse_parser_feed(&heard.parser, line, sizeof(line), &err);
	CHECK_INT(r, -E2BIG);
}
