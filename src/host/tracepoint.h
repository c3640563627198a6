/* What a tracepoint records: its "format" below /sys/kernel/tracing/events. */
#pragma once

#include "base/error.h"
#include "base/json.h"
#include "host/host.h"

#define TRACEPOINT_MAX_FIELDS 64

/*
 * {"id", "fields": [{name, offset, size, signed, array?, located?}]} of "CATEGORY:NAME". An array
 * is there byte by byte; of a text that is located a number says where (offset in the lower half,
 * length in the upper). NULL with a sentence.
 */
json_t *tracepoint_json(const struct host *host, const char *target, struct error *err);
