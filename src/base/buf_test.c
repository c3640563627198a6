#include "base/buf.h"

#include <stdio.h>
#include <unistd.h>

#include "base/test.h"

TEST(what_exceeds_the_ceiling_is_dropped_and_counted)
{
	CLEANUP(buf) struct buf buf = { 0 };

	buf_init(&buf, 5);
	buf_add_text(&buf, "abc");
	buf_add_text(&buf, "defg");
	CHECK_TEXT(buf_text(&buf), "abcde");
	CHECK_INT(buf.dropped, 2);
}

TEST(reading_stops_once_the_ceiling_is_passed)
{
	CLEANUP(buf) struct buf buf = { 0 };
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	CHECK_INT(write(ends[1], "0123456789", 10), 10);
	(void)close(ends[1]);
	buf_init(&buf, 4);
	CHECK_INT(buf_read_fd(&buf, ends[0]), 0);
	CHECK_TEXT(buf_text(&buf), "0123");
	CHECK_INT(buf.dropped, 6);
	(void)close(ends[0]);
}
