#include "logs/window.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/test.h"

#define N_LINES 20000
/* 2026-11-22T00:00:00Z; line i is written i seconds later. */
#define START_S UINT64_C(1795305600)

static const struct log_clock end = { .now_ns = (START_S + N_LINES) * NS_PER_SEC };

static int log_of(const char *format)
{
	int fd = memfd_create("log", MFD_CLOEXEC);
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 16 * MIB);
	for (unsigned i = 0; i < N_LINES; i++)
		if (*format == '%')
			buf_add_format(&text,
				       "2026-11-22 %02u:%02u:%02u INFO line %u\n  at frame\n",
				       i / 3600, i / 60 % 60, i % 60, i);
		else
			buf_add_format(&text, "no time in line %u\n", i);
	CHECK(fd >= 0 && fd_write_all(fd, buf_text(&text), text.len) == 0);
	return fd;
}

static void line_at(int fd, char *line, size_t size)
{
	ssize_t n = read(fd, line, size - 1);

	CHECK(n > 0);
	line[n] = '\0';
}

TEST(the_window_begins_at_most_one_look_before_its_time)
{
	CLEANUP(fd) int fd = log_of("%");
	struct log_window window;
	char line[128];
	uint64_t ns;

	CHECK_INT(log_window_seek(fd, &end, (START_S + 15000) * NS_PER_SEC, 16 * MIB, &window), 0);
	CHECK(window.has_times && !window.truncated);
	line_at(fd, line, sizeof(line));
	CHECK(log_time_parse(&end, (struct str) { line, strlen(line) }, &ns));
	CHECK(ns <= (START_S + 15000) * NS_PER_SEC);
	CHECK(ns > (START_S + 12000) * NS_PER_SEC);
}

TEST(a_window_larger_than_the_limit_is_cut_and_says_so)
{
	CLEANUP(fd) int fd = log_of("%");
	struct log_window window;

	CHECK_INT(log_window_seek(fd, &end, START_S * NS_PER_SEC, 4096, &window), 0);
	CHECK(window.truncated);
	CHECK(window.size - window.start <= 4096);
}

TEST(without_times_the_end_of_the_file_is_read_from_a_whole_line)
{
	CLEANUP(fd) int fd = log_of("no");
	struct log_window window;
	char line[128];

	CHECK_INT(log_window_seek(fd, &end, START_S * NS_PER_SEC, 1000, &window), 0);
	CHECK(!window.has_times && window.truncated);
	line_at(fd, line, sizeof(line));
	CHECK(strncmp(line, "no time", 7) == 0);
}

TEST(an_empty_file_and_a_pipe_are_told_apart)
{
	CLEANUP(fd) int fd = memfd_create("log", MFD_CLOEXEC);
	struct log_window window;
	int ends[2];

	CHECK_INT(log_window_seek(fd, &end, 1, 1000, &window), 0);
	CHECK_INT(window.size, 0);
	CHECK_INT(pipe(ends), 0);
	CHECK(log_window_seek(ends[0], &end, 1, 1000, &window) < 0);
	CHECK_INT(close(ends[0]) + close(ends[1]), 0);
}

TEST(the_last_lines_are_found_from_the_end)
{
	CLEANUP(fd) int fd = log_of("no");
	struct log_window window;
	char line[128];

	CHECK_INT(log_window_seek_lines(fd, 2, 16 * MIB, &window), 0);
	line_at(fd, line, sizeof(line));
	CHECK_TEXT(line, "no time in line 19998\nno time in line 19999\n");
	CHECK_INT(log_window_seek_lines(fd, 1000000, 16 * MIB, &window), 0);
	CHECK(window.start == 0 && !window.truncated);
	CHECK_INT(log_window_seek_lines(fd, 1000000, 64 * KIB, &window), 0);
	CHECK(window.truncated);
	line_at(fd, line, sizeof(line));
	CHECK(strncmp(line, "no time", 7) == 0);
}
