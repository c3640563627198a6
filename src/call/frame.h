/*
 * The frame: what crosses the warden's socket, in both directions.
 *
 *	u32 header length, u32 body length (little endian), header, body
 *
 * The header is one JSON object, at most 64 KiB; the body is opaque bytes (the
 * exact argument bytes of a call, or a tool's result), at most 4 MiB. A peer
 * that breaks a bound is disconnected.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define FRAME_HEADER_MAX_BYTES (64 * KIB)
#define FRAME_BODY_MAX_BYTES (4 * MIB)

struct frame {
	json_t *header;
	char *body; /* NUL-terminated for convenience; not part of n_body */
	size_t n_body;
};

void frame_finish(struct frame *frame);
void frame_cleanup(struct frame *frame);

/* Appends the encoded frame. */
void frame_encode(const json_t *header, const void *body, size_t n_body, struct buf *out);

/*
 * Takes one frame off the front of 'bytes'. Returns the bytes used, 0 if more
 * are needed, or -EBADMSG / -E2BIG with 'err'.
 */
ssize_t frame_decode(const char *bytes, size_t len, struct frame *frame_out, struct error *err);

/* Blocking forms for clients. -EPIPE when the other side is gone. */
int frame_write(int fd, const json_t *header, const void *body, size_t n_body,
		struct error *err) MUST_CHECK;
int frame_read(int fd, struct frame *frame_out, struct error *err) MUST_CHECK;
/* For servers, from a socket: the whole frame within that time, however it comes, else -ETIMEDOUT;
 * -EBADMSG for more than one frame, since who asks waits for the answer. */
int frame_read_within(int fd, uint64_t limit_ns, struct frame *frame_out,
		      struct error *err) MUST_CHECK;
