/* Paths by shell patterns below the host's root, as daemons' "include" takes them. */
#pragma once

#include "host/host.h"

/*
 * Absolute paths that match an absolute pattern (*, ?, [...] in any component),
 * sorted, at most 'max'. A new array; empty if nothing matches.
 */
json_t *host_match(const struct host *host, const char *pattern, size_t max);
