#include "base/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES (4 * LINES_MAX_BYTES)

void lines_init(struct lines *lines, int fd, uint64_t max_bytes)
{
	*lines = (struct lines) { .fd = fd, .max_bytes = max_bytes };
	lines->buffer = malloc(BUFFER_BYTES + 1);
	if (!lines->buffer)
		abort();
}

void lines_init_source(struct lines *lines,
		       ssize_t (*read_source)(void *source, void *bytes, size_t size), void *source,
		       uint64_t max_bytes)
{
	lines_init(lines, -1, max_bytes);
	lines->read = read_source;
	lines->source = source;
}

void lines_finish(struct lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

void lines_cleanup(struct lines *lines)
{
	lines_finish(lines);
}

static size_t want(const struct lines *lines)
{
	uint64_t left = lines->max_bytes - lines->n_bytes;
	size_t room = BUFFER_BYTES - lines->len;

	return left < room ? (size_t)left : room;
}

static ssize_t read_some(struct lines *lines, void *bytes, size_t size)
{
	ssize_t n;

	if (lines->read)
		return lines->read(lines->source, bytes, size);
	do
		n = read(lines->fd, bytes, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static void fill(struct lines *lines)
{
	ssize_t n;

	if (lines->at) {
		memmove(lines->buffer, lines->buffer + lines->at, lines->len - lines->at);
		lines->len -= lines->at;
		lines->at = 0;
	}
	if (!want(lines)) {
		char more;

		lines->truncated = read_some(lines, &more, 1) > 0;
		lines->ended = true;
		return;
	}
	n = read_some(lines, lines->buffer + lines->len, want(lines));
	if (n < 0 && n != -EAGAIN)
		lines->error = (int)n;
	if (n <= 0) {
		lines->ended = true;
		return;
	}
	lines->len += (size_t)n;
	lines->n_bytes += (uint64_t)n;
}

static void give(struct lines *lines, size_t len, size_t used, struct str *line_out)
{
	char *start = lines->buffer + lines->at;

	lines->at += used;
	if (len > LINES_MAX_BYTES) {
		lines->n_cut++;
		len = LINES_MAX_BYTES;
	}
	if (len && start[len - 1] == '\r')
		len--;
	start[len] = '\0';
	lines->n_lines++;
	*line_out = (struct str) { start, len };
}

/* Where the current line's newline is, reading more until it is known; or NULL. */
static char *find_newline(struct lines *lines)
{
	for (;;) {
		size_t len = lines->len - lines->at;
		char *newline = memchr(lines->buffer + lines->at, '\n', len);

		if (newline || lines->ended || len > LINES_MAX_BYTES)
			return newline;
		fill(lines);
	}
}

static void skip_rest(struct lines *lines)
{
	while (lines->skipping) {
		char *newline = find_newline(lines);

		lines->at = newline ? (size_t)(newline - lines->buffer) + 1 : lines->len;
		lines->skipping = !newline && !lines->ended;
	}
}

bool lines_next(struct lines *lines, struct str *line_out)
{
	char *newline;
	size_t len;

	skip_rest(lines);
	newline = find_newline(lines);
	if (newline) {
		len = (size_t)(newline - (lines->buffer + lines->at));
		give(lines, len, len + 1, line_out);
		return true;
	}
	len = lines->len - lines->at;
	if (!len)
		return false;
	lines->skipping = !lines->ended;
	give(lines, len, len, line_out);
	return true;
}
