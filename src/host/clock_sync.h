/*
 * The kernel's own clock discipline, which every time daemon steers: read by
 * asking adjtimex(2) to change nothing.
 */
#pragma once

#include "base/json.h"

/*
 * {status, state, offset_s, max_error_s}; 'status' and 'state' as in adjtimex(2). NULL with
 * 'err' where the call is refused. A new reference.
 */
json_t *clock_sync_json(struct error *err);
