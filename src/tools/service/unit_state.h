/* systemd's properties of a unit in the words of our results. */
#pragma once

#include "base/json.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define UNIT_STATE_RESULT                                                       \
	"result?: string, exit_status?: integer, exit_code?: string, "          \
	"n_restarts?: integer, main_pid?: integer, memory_max?: integer|null, " \
	"memory_bytes?: integer|null, restart?: string, type?: string, "        \
	"since_s_ago?: integer"

/*
 * Adds result, exit_code, exit_status, n_restarts, main_pid, memory_max,
 * memory_bytes, restart, type and since_s_ago as far as 'properties' has them.
 */
void unit_state_add(json_t *unit, const json_t *properties, uint64_t now_ns);
