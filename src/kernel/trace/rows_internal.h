/* What the maps hold at the end, as members of the result. */
#pragma once

#include "kernel/trace/session_internal.h"

enum rows_extent {
	ROWS_ALL,    /* the first TRACE_SHOWN_ROWS, each with its spread */
	ROWS_GLANCE, /* the first TRACE_GLANCE_ROWS, without */
};

/* rows, n_keys, histogram, truncated. */
void rows_put(const struct session *session, enum rows_extent extent, json_t *result);

/* n_events, lost, lost_keys, lost_starts, lost_stacks. */
void rows_put_tally(const struct session *session, json_t *result);
