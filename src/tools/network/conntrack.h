/* The connection tracking table: how full, and what was lost. */
#pragma once

#include "host/host.h"

/* {count, max, used_percent, drop, insert_failed, early_drop}, or null without conntrack. */
json_t *conntrack_json(const struct host *host);
