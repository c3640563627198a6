/* What the log tools share: the machine's clock and small answers about lines. */
#pragma once

#include "call/tool.h"
#include "logs/logs.h"

/* The host's clock, boot time and zone; a fixture's zone is UTC. */
struct log_clock host_log_clock(const struct host *host);

/* Seconds before the clock's now, to the millisecond; negative is in the future. */
double log_seconds_ago(const struct log_clock *clock, uint64_t wall_ns);

/*
 * At most max bytes of a line, without the half of a character. A line that is
 * cut is redacted before, so that no cut leaves the half of a secret.
 */
json_t *log_line_json(const struct task *task, struct str line, size_t max);
