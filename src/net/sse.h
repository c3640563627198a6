/* Server-sent events (the WHATWG's text/event-stream), to be written to an http_stream. */
#pragma once

#include "base/buf.h"

#define SSE_TYPE "text/event-stream"

struct sse_event {
	const char *id;    /* NULL: none; line ends and NUL cannot be in it: it is cut there */
	const char *event; /* NULL: "message"; likewise */
	const char *data;  /* of any lines; each becomes a line of the event */
	size_t n_data;
};

void sse_format(const struct sse_event *event, struct buf *out);

/* A comment, which clients ignore: keeps the connection warm, and finds the dead. */
void sse_format_comment(const char *text, struct buf *out);

/* How long clients wait before they come back. */
void sse_format_retry(uint64_t retry_ns, struct buf *out);
