/* systemd's properties of a unit in the words of our results. */
#pragma once

#include "base/json.h"

/*
 * Adds result, exit_code, exit_status, n_restarts, main_pid, memory_max,
 * memory_bytes, restart, type and since_s_ago as far as 'properties' has them.
 */
void unit_state_add(json_t *unit, const json_t *properties, uint64_t now_ns);
