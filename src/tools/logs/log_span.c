#include "tools/logs/log_span.h"

#include <errno.h>

#include "base/clock.h"

#define AROUND_NS (LOG_SPAN_AROUND_S * NS_PER_SEC)

static uint64_t before(uint64_t ns, uint64_t distance_ns)
{
	return ns > distance_ns ? ns - distance_ns : 0;
}

int log_span_read(const json_t *args, uint64_t now_ns, uint64_t otherwise_s,
		  struct log_span *span_out, struct error *err)
{
	const char *around = json_get_text(args, "around", NULL);
	uint64_t since_s = (uint64_t)json_get_int(args, "since_s", (int64_t)otherwise_s);
	uint64_t ns;

	*span_out = (struct log_span) { .until_ns = UINT64_MAX };
	if (!around) {
		/* A span longer than the clock is old has no start. */
		if (since_s && since_s < now_ns / NS_PER_SEC)
			span_out->since_ns = now_ns - since_s * NS_PER_SEC;
		return 0;
	}
	if (!clock_parse(around, &ns))
		return error_set(err, -EINVAL,
				 "'around' is no time in RFC 3339, such as 2026-11-22T17:03:25Z");
	span_out->since_ns = before(ns, AROUND_NS);
	if (ns + AROUND_NS < now_ns)
		span_out->until_ns = ns + AROUND_NS;
	return 0;
}
