/*
 * Presets: traces that answer the usual questions, each a name and a sentence.
 *
 * A preset is data, the same JSON that anybody may ask for (request.h), so that a new one is one
 * row. Where kernels differ it has several requests, the better one first.
 */
#pragma once

#include "kernel/trace/request.h"

#define PRESET_MAX_REQUESTS 2

struct trace_preset {
	const char *name;
	const char *summary;                       /* one sentence */
	const char *requests[PRESET_MAX_REQUESTS]; /* JSON; NULL after the last */
};

extern const struct trace_preset trace_presets[]; /* ends with a NULL name */

const struct trace_preset *trace_preset_find(const char *name);
