/* Software RAID of /proc/mdstat. */
#pragma once

#include "host/host.h"

/*
 * [{name, state, level, n_disks, n_active, degraded, failed: [devices], action,
 * mismatches}] of a machine; empty where there is none. A new array.
 */
json_t *arrays_read(const struct host *host);

/* The same of the text of /proc/mdstat, without what only /sys knows. */
json_t *arrays_parse(const char *mdstat);
