#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call/audit_internal.h"

void audit_reader_init(struct audit_reader *reader, int fd)
{
	*reader = (struct audit_reader) { .fd = fd, .buffer = malloc(AUDIT_LINE_MAX_BYTES) };
	if (!reader->buffer)
		abort();
}

void audit_reader_finish(struct audit_reader *reader)
{
	free(reader->buffer);
	*reader = (struct audit_reader) { .fd = -1 };
}

void audit_reader_cleanup(struct audit_reader *reader)
{
	audit_reader_finish(reader);
}

static void fill(struct audit_reader *reader)
{
	ssize_t n;

	memmove(reader->buffer, reader->buffer + reader->at, reader->len - reader->at);
	reader->len -= reader->at;
	reader->at = 0;
	do {
		n = pread(reader->fd, reader->buffer + reader->len,
			  AUDIT_LINE_MAX_BYTES - reader->len, reader->offset + (off_t)reader->len);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		reader->error = -errno;
	if (n <= 0)
		reader->has_ended = true;
	else
		reader->len += (size_t)n;
}

static struct str take(struct audit_reader *reader, size_t len, size_t n_skipped)
{
	struct str line = { reader->buffer + reader->at, len };

	reader->at += len + n_skipped;
	reader->offset += (off_t)(len + n_skipped);
	return line;
}

enum audit_read audit_reader_next(struct audit_reader *reader, struct str *line_out)
{
	for (;;) {
		size_t len = reader->len - reader->at;
		const char *start = reader->buffer + reader->at;
		const char *newline = memchr(start, '\n', len);

		if (newline) {
			*line_out = take(reader, (size_t)(newline - start), 1);
			return AUDIT_READ_LINE;
		}
		if (reader->has_ended && !len)
			return AUDIT_READ_END;
		if (reader->has_ended || len == AUDIT_LINE_MAX_BYTES) {
			*line_out = take(reader, len, 0);
			return reader->has_ended ? AUDIT_READ_TORN : AUDIT_READ_LINE;
		}
		fill(reader);
	}
}
