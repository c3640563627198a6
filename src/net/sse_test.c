#include "net/sse.h"

#include <string.h>

#include "base/test.h"

static void check_event(struct sse_event event, const char *expected)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, KIB);
	sse_format(&event, &out);
	CHECK_TEXT(buf_text(&out), expected);
}

TEST(an_event_has_its_id_its_name_and_its_data)
{
	check_event((struct sse_event) { "7", "finding", "{}", 2 },
		    "id: 7\nevent: finding\ndata: {}\n\n");
	check_event((struct sse_event) { .data = "x", .n_data = 1 }, "data: x\n\n");
	check_event((struct sse_event) { .data = "", .n_data = 0 }, "data: \n\n");
}

TEST(each_line_of_the_data_is_a_line_of_the_event)
{
	check_event((struct sse_event) { .data = "a\nb\r\nc\rd", .n_data = 8 },
		    "data: a\ndata: b\ndata: c\ndata: d\n\n");
	check_event((struct sse_event) { .data = "a\n", .n_data = 2 }, "data: a\ndata: \n\n");
}

TEST(data_cannot_begin_another_event)
{
	check_event((struct sse_event) { "1\ndata: evil", "x\r\nid: 9", "y", 1 },
		    "id: 1\nevent: x\ndata: y\n\n");
}

TEST(comments_and_retries_are_lines_of_their_own)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, KIB);
	sse_format_comment("still here", &out);
	sse_format_retry(3 * NS_PER_SEC, &out);
	CHECK_TEXT(buf_text(&out), ": still here\n\nretry: 3000\n\n");
}
