/*
 * A byte buffer that grows up to a ceiling given at birth.
 *
 * What would not fit is dropped and counted, so that a flood of input shortens
 * a result instead of failing it. 'data' is NUL-terminated after every call and
 * never NULL after the first append; the terminator is not part of 'len'.
 */
#pragma once

#include "base/base.h"

struct buf {
	char *data;
	size_t len;
	size_t max;     /* ceiling of len */
	size_t dropped; /* bytes that did not fit */

	/* private */
	size_t allocated;
};

void buf_init(struct buf *buf, size_t max);
void buf_finish(struct buf *buf);
void buf_cleanup(struct buf *buf);

void buf_add(struct buf *buf, const void *data, size_t len);
void buf_add_text(struct buf *buf, const char *text);
void buf_add_format(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* Empties it and keeps the memory. */
void buf_clear(struct buf *buf);

/* The text, "" while nothing was added; borrowed. */
const char *buf_text(const struct buf *buf);

/*
 * Reads 'fd' to its end, or until the ceiling is passed by one read. Returns 0
 * or a negative errno.
 */
int buf_read_fd(struct buf *buf, int fd) MUST_CHECK;
