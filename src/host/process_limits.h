/* /proc/PID/limits: what a process may use. */
#pragma once

#include "host/host.h"

struct process_limit {
	uint64_t soft, hard; /* UINT64_MAX: unlimited */
};

/* 'name' as the kernel writes it ("Max open files"); false if there is no such line. */
bool process_limits_parse(const char *text, const char *name, struct process_limit *limit_out);
bool process_limits_read(const struct host *host, uint32_t pid, const char *name,
			 struct process_limit *limit_out);
