/* Memory limits of cgroups: who has one, how near it is, and who was killed for it. */
#pragma once

#include "host/cgroup.h"

struct cgroup_usage; /* of one cgroup, with its counters */

/* What each cgroup uses at one moment. */
struct cgroup_memory {
	struct cgroup_list list;
	struct cgroup_usage *usages; /* one for each of the list */
};

void cgroup_memory_read(const struct host *host, const struct cgroups *cgroups,
			struct cgroup_memory *memory_out);
void cgroup_memory_cleanup(struct cgroup_memory *memory);

/* Two readings, and the time between them. */
struct cgroup_memory_sample {
	const struct cgroup_memory *before, *after;
	uint64_t elapsed_ns;
};

/*
 * Fills "limit" (the tightest one that holds for this machine: on a container the
 * container's), "cgroups" (all with a limit, worst first, at most 50) and
 * "truncated" of 'result'.
 *
 * used_percent counts what the kernel cannot take back at once: the page cache
 * that nobody used lately (inactive_file) does not fill a cgroup. A cgroup that
 * pays for its limit all the same shows it in refaults_per_s: pages that were
 * taken back and are needed again.
 */
void cgroup_memory_put(const struct host *host, const struct cgroups *cgroups,
		       const struct cgroup_memory_sample *sample, json_t *result);
