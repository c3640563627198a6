/* CPU quotas of cgroups and how often they stopped their processes. */
#pragma once

#include "host/cgroup.h"

struct throttle {
	char *cgroup;
	double quota_cpus; /* the quota in processors; 0: none */
	uint64_t n_periods, n_throttled, throttled_ns;
};

struct throttling {
	struct throttle *list; /* cgroups with a quota, by path */
	size_t n;
	bool truncated;
	double limit_cpus; /* the tightest quota on our own cgroup; 0: none */
};

#define THROTTLING_MAX 1024

void throttling_read(const struct host *host, const struct cgroups *cgroups,
		     struct throttling *throttling_out);

/* The same cgroups again, after some time. */
void throttling_again(const struct host *host, const struct cgroups *cgroups,
		      const struct throttling *before, struct throttling *throttling_out);
void throttling_finish(struct throttling *throttling);
void throttling_cleanup(struct throttling *throttling);

/* [{cgroup, quota_cpus, throttled_percent, n_throttled, throttled_ms, total_…}]: those ever
 * throttled, worst in the sample first, at most 20. */
json_t *throttling_json(const struct throttling *before, const struct throttling *after);
