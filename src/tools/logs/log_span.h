/* The span of time that a tool of logs looks at, as its arguments say it. */
#pragma once

#include "base/json.h"

/* An alert is looked at from so long before it fired to so long after. */
#define LOG_SPAN_AROUND_S 900

struct log_span {
	uint64_t since_ns, until_ns; /* wall clock; 0 and UINT64_MAX: without end */
};

/* One of two members of a schema; the other is "since_s". */
#define LOG_SPAN_AROUND                                                                    \
	"\"around\":{\"type\":\"string\",\"minLength\":20,\"maxLength\":40,"               \
	"\"description\":\"a time in RFC 3339: from 15 minutes before it to 15 after, in " \
	"place of since_s\"}"

/*
 * 'otherwise_s' counts where neither is given; 0: from the start. -EINVAL for an 'around' that
 * is no time.
 */
int log_span_read(const json_t *args, uint64_t now_ns, uint64_t otherwise_s,
		  struct log_span *span_out, struct error *err) MUST_CHECK;
