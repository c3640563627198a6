#include "base/lines.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

static int file_of(const char *text, size_t len)
{
	int fd = memfd_create("lines", MFD_CLOEXEC);

	CHECK(fd >= 0 && fd_write_all(fd, text, len) == 0 && lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}

TEST(every_line_comes_once_without_its_ending)
{
	CLEANUP(fd) int fd = file_of("one\r\n\nthree", 11);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	lines_init(&lines, fd, MIB);
	CHECK(lines_next(&lines, &line) && str_is(line, "one"));
	CHECK(lines_next(&lines, &line) && str_is(line, ""));
	CHECK(lines_next(&lines, &line) && str_is(line, "three"));
	CHECK(!lines_next(&lines, &line) && !lines.truncated);
}

TEST(a_line_beyond_the_limit_is_cut_and_the_next_is_whole)
{
	char text[5 * LINES_MAX_BYTES + 6];
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	memset(text, 'x', sizeof(text));
	memcpy(text + sizeof(text) - 5, "\nnext", 5);
	CLEANUP(fd) int fd = file_of(text, sizeof(text));
	lines_init(&lines, fd, MIB);
	CHECK(lines_next(&lines, &line));
	CHECK_INT(line.len, LINES_MAX_BYTES);
	CHECK_INT(lines.n_cut, 1);
	CHECK(lines_next(&lines, &line) && str_is(line, "next"));
	CHECK(!lines_next(&lines, &line));
}

TEST(reading_stops_at_the_byte_limit_and_says_so)
{
	CLEANUP(fd) int fd = file_of("one\ntwo\nthree\n", 14);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	lines_init(&lines, fd, 8);
	CHECK(lines_next(&lines, &line) && lines_next(&lines, &line) && str_is(line, "two"));
	CHECK(!lines_next(&lines, &line) && lines.truncated);
}

TEST(a_nul_byte_hides_nothing_after_the_line)
{
	CLEANUP(fd) int fd = file_of("a\0b\nc\n", 6);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line;

	lines_init(&lines, fd, MIB);
	CHECK(lines_next(&lines, &line));
	CHECK_INT(line.len, 3);
	CHECK(lines_next(&lines, &line) && str_is(line, "c"));
}
