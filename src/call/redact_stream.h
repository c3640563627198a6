/*
 * Redaction of text that comes in pieces, so that no border between two shows a secret.
 *
 * Whole lines are passed on, and only those that nothing to come could make part of
 * a secret: from the first line of a private key on, everything is held until its
 * end; so are lines that look like the middle of one (40 Base64 characters and the
 * lines around them of 16 or more), and lines that a backslash continues. What is
 * held is bounded: a line longer than REDACT_STREAM_MAX_BYTES is left out with a
 * mark in its place. What comes out is what redact_text() makes of the whole text
 * as long as no line is left out.
 */
#pragma once

#include "call/redact.h"

#define REDACT_STREAM_MAX_BYTES (64 * KIB)

struct redact_stream {
	struct redactor *redactor; /* borrowed */
	struct buf held;
	bool skips_line; /* the rest of a line that was left out */
};

void redact_stream_init(struct redact_stream *stream, struct redactor *redactor);
void redact_stream_finish(struct redact_stream *stream);

/* Takes a piece and appends to 'out' what can be shown of all so far. */
void redact_stream_add(struct redact_stream *stream, const char *bytes, size_t len,
		       struct buf *out);

/* Nothing more will come: appends the rest. */
void redact_stream_end(struct redact_stream *stream, struct buf *out);
