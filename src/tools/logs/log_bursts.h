/* Minutes in which far more was written than usual. */
#pragma once

#include "tools/logs/log_host.h"

#define LOG_BURSTS_MINUTES 20000

struct log_minute {
	uint64_t minute; /* since 1970 */
	uint32_t n;
};

struct log_bursts {
	struct log_minute *minutes; /* in order of appearance */
	size_t n;
};

void log_bursts_init(struct log_bursts *bursts);
void log_bursts_finish(struct log_bursts *bursts);
void log_bursts_add(struct log_bursts *bursts, uint64_t time_ns);

/* [{seconds_ago, minutes, n, usual_per_minute}], at most 'max', the greatest first. */
json_t *log_bursts_json(const struct log_bursts *bursts, const struct log_clock *clock, size_t max);
