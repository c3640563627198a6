/* Memory limits of cgroups: who has one, how near it is, and who was killed for it. */
#pragma once

#include "host/cgroup.h"

/*
 * Fills "limit" (the tightest one that holds for this machine: on a container the
 * container's), "cgroups" (all with a limit, worst first, at most 50) and
 * "truncated" of 'result'.
 *
 * used_percent counts what the kernel cannot take back at once: the page cache
 * that nobody used lately (inactive_file) does not fill a cgroup.
 */
void cgroup_memory_put(const struct host *host, const struct cgroups *cgroups, json_t *result);
