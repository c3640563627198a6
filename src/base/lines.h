/*
 * Lines of a file (or of another source of bytes) of any size, one at a time, in bounded memory.
 *
 * A line longer than LINES_MAX_BYTES is cut there (and counted in 'n_cut'); its
 * rest is skipped. A NUL byte inside a line ends it for the cursor parsers and
 * stays in the slice. At most 'max_bytes' are read, then 'truncated' is set.
 */
#pragma once

#include "base/scan.h"

#define LINES_MAX_BYTES (16 * KIB)

struct lines {
	uint64_t n_lines; /* given out so far */
	uint64_t n_bytes; /* read so far */
	uint64_t n_cut;
	bool truncated;
	int error; /* negative errno that ended the reading, or 0 */

	/* private */
	ssize_t (*read)(void *source, void *bytes, size_t size);
	void *source;
	int fd;
	uint64_t max_bytes;
	char *buffer;
	size_t at, len;
	bool ended, skipping;
};

/* 'fd' stays the caller's. A short read of -EAGAIN ends the reading as the file's end does. */
void lines_init(struct lines *lines, int fd, uint64_t max_bytes);
/* From a function that reads as read(2) does, but returns a negative errno itself. */
void lines_init_source(struct lines *lines,
		       ssize_t (*read_source)(void *source, void *bytes, size_t size), void *source,
		       uint64_t max_bytes);
void lines_finish(struct lines *lines);
void lines_cleanup(struct lines *lines);

/*
 * The next line without its newline (and without a carriage return before it),
 * NUL-terminated; valid until the next call. False at the end.
 */
bool lines_next(struct lines *lines, struct str *line_out);
