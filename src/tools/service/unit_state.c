#include "tools/service/unit_state.h"

#include <string.h>

#define NS_PER_USEC 1000

/* siginfo's si_code of a child, as systemd gives it in ExecMainCode. */
static const char *exit_code_name(int64_t code)
{
	static const char *const names[] = { "none",    "exited",  "killed",   "dumped",
					     "trapped", "stopped", "continued" };

	return code >= 0 && code < (int64_t)ARRAY_LEN(names) ? names[code] : "unknown";
}

static void copy(json_t *unit, const char *to, const json_t *properties, const char *from)
{
	json_t *value = json_object_get(properties, from);

	if (value)
		json_put(unit, to, json_incref(value));
}

void unit_state_add(json_t *unit, const json_t *properties, uint64_t now_ns)
{
	int64_t changed = json_get_int(properties, "StateChangeTimestamp", 0);
	int64_t now_usec = (int64_t)(now_ns / NS_PER_USEC);

	copy(unit, "result", properties, "Result");
	copy(unit, "exit_status", properties, "ExecMainStatus");
	copy(unit, "n_restarts", properties, "NRestarts");
	copy(unit, "main_pid", properties, "MainPID");
	copy(unit, "memory_max", properties, "MemoryMax");
	copy(unit, "memory_bytes", properties, "MemoryCurrent");
	copy(unit, "restart", properties, "Restart");
	copy(unit, "type", properties, "Type");
	if (json_object_get(properties, "ExecMainCode"))
		json_put(unit, "exit_code",
			 json_string(exit_code_name(json_get_int(properties, "ExecMainCode", 0))));
	if (changed > 0)
		json_put(unit, "since_s_ago",
			 json_integer(now_usec > changed ? (now_usec - changed) / 1000000 : 0));
}
