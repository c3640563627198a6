/*
 * Reads server-sent events (the WHATWG's text/event-stream) as they arrive, cut anywhere.
 *
 * A line ends at CR, LF or both; a byte order mark at the very front is skipped, comments
 * and unknown fields are ignored; an event that the stream's end cuts off is none.
 */
#pragma once

#include "base/buf.h"
#include "base/error.h"
#include "base/scan.h"
#include "net/sse.h"

#define SSE_LINE_MAX_BYTES (1 * MIB)
#define SSE_DATA_MAX_BYTES (1 * MIB)
#define SSE_NAME_BYTES 128 /* of event and id; longer ones are cut */

struct sse_parser {
	/* One event; borrowed. A negative errno, with 'err', ends the reading. */
	int (*handle)(struct sse_parser *parser, const struct sse_event *event, struct error *err);

	/* What the stream has said so far: how long to wait before coming back, 0 for nothing; and
	 * where to go on, or "". */
	uint64_t retry_ns;
	char id[SSE_NAME_BYTES];

	/* private */
	struct buf line, data;
	char event[SSE_NAME_BYTES];
	bool has_data, has_event, has_id, after_cr, is_begun;
};

void sse_parser_init(struct sse_parser *parser,
		     int (*handle)(struct sse_parser *parser, const struct sse_event *event,
				   struct error *err));
void sse_parser_finish(struct sse_parser *parser);

/* -E2BIG for a line or an event that is too long, or what handle() said. */
int sse_parser_feed(struct sse_parser *parser, const char *bytes, size_t len,
		    struct error *err) MUST_CHECK;
