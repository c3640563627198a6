/*
 * Progress: what a job shows while it runs.
 *
 * A job that is asked for it writes its standard output as pieces instead of the
 * bare result: u8 kind, three zero bytes, u32 length (little endian), bytes. Text
 * is redacted before it leaves the job, across the borders of what the tool adds
 * (call/redact_stream.h), comes in pieces of at most PROGRESS_PIECE_BYTES that
 * split no character, and ends after PROGRESS_MAX_BYTES. The result follows as
 * pieces of its own kind; of it nothing is lost.
 */
#pragma once

#include "call/redact.h"

#define PROGRESS_PIECE_BYTES (8 * KIB)
#define PROGRESS_MAX_BYTES (4 * MIB)

enum progress_stream {
	PROGRESS_STDOUT,
	PROGRESS_STDERR,
	PROGRESS_NOTE, /* the tool's own words */
	PROGRESS_N,
};

const char *progress_stream_name(enum progress_stream stream);

/* The job's side. */
struct progress;

struct progress *progress_new(int fd, struct redactor *redactor);
void progress_free(struct progress *progress);

/* 'progress' may be NULL: then nobody wants to know. */
void progress_add(struct progress *progress, enum progress_stream stream, const char *bytes,
		  size_t len);

/* What was held goes out, then the result. 0 or a negative errno. */
int progress_end(struct progress *progress, const char *result, size_t len) MUST_CHECK;

/* The reader's side: foreign bytes, in any pieces. */
struct progress_reader {
	struct buf bytes;
	size_t at; /* of what was not decoded yet */
};

struct progress_piece {
	enum progress_stream stream;
	bool is_result; /* then 'stream' says nothing */
	struct str text;
};

void progress_reader_init(struct progress_reader *reader);
void progress_reader_finish(struct progress_reader *reader);

/* Takes bytes; they must all fit, which they do once progress_decode() has returned 0. */
void progress_reader_add(struct progress_reader *reader, const char *bytes, size_t len);

#define PROGRESS_READ_BYTES (64 * KIB) /* at most so many at once */

/* 1 with the next whole piece (borrowed until the next call), 0, or -EBADMSG. */
int progress_decode(struct progress_reader *reader, struct progress_piece *piece_out) MUST_CHECK;
