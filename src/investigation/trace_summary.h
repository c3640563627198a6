/* What a trace showed, in a sentence. */
#pragma once

#include "base/json.h"

/*
 * Of a result of trace_kernel: "disk-latency: 812 events; device 254:0, process dd: 400, 2.3 ms
 * each;
 * ...". A new reference to a text.
 */
json_t *trace_summary(const json_t *result);
