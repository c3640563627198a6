/*
 * Cursor parsers for foreign text. Each takes a cursor into NUL-terminated
 * text, advances it past what it read and returns true, or leaves it alone and
 * returns false; so they chain with &&. Leading blanks (not newlines) are
 * skipped by scan_u64, scan_i64, scan_double and scan_word.
 */
#pragma once

#include "base/base.h"

/* A borrowed slice of foreign bytes, not NUL-terminated. */
struct str {
	const char *data;
	size_t len;
};

bool scan_u64(const char **at, uint64_t *value_out);
bool scan_i64(const char **at, int64_t *value_out);
bool scan_hex(const char **at, uint64_t *value_out);
bool scan_double(const char **at, double *value_out);

/* Bytes up to the next blank, newline or end; never empty. */
bool scan_word(const char **at, struct str *word_out);

/* Bytes up to the newline, which is skipped and not part of the line. */
bool scan_line(const char **at, struct str *line_out);

/* Exactly this text. */
bool scan_text(const char **at, const char *text);

bool str_is(struct str str, const char *text);
bool str_starts(struct str str, const char *text);

/* A NUL-terminated copy, cut to the size of 'text_out'. */
void str_copy(struct str str, char *text_out, size_t size);
