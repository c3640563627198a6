/* The connection tracking table: how full, and what was lost. */
#pragma once

#include "host/host.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define CONNTRACK_RESULT                                                      \
	"count: integer, max: integer, used_percent: number, drop: integer, " \
	"insert_failed: integer, early_drop: integer"

/* {count, max, used_percent, drop, insert_failed, early_drop}, or null without conntrack. */
json_t *conntrack_json(const struct host *host);
