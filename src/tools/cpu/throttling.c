#include "tools/cpu/throttling.h"

#include <stdlib.h>
#include <string.h>

#include "host/fields.h"
#include "tools/sample.h"

#define LISTED_MAX 20
#define TEXT_BYTES 2048

static double quota_cpus(const struct host *host, const struct cgroup_tree *tree, const char *path)
{
	uint64_t quota, period = 100000;
	char text[64];
	const char *at = text;

	if (tree->version == 2) {
		if (cgroup_read(host, tree, path, "cpu.max", text, sizeof(text)) <= 0 ||
		    !scan_u64(&at, &quota) || !scan_u64(&at, &period))
			return 0;
	} else if (!cgroup_read_u64(host, tree, path, "cpu.cfs_quota_us", &quota) ||
		   quota == UINT64_MAX ||
		   !cgroup_read_u64(host, tree, path, "cpu.cfs_period_us", &period)) {
		return 0;
	}
	return period ? (double)quota / (double)period : 0;
}

static void read_counters(const struct host *host, const struct cgroup_tree *tree,
			  struct throttle *throttle)
{
	char text[TEXT_BYTES];

	if (cgroup_read(host, tree, throttle->cgroup, "cpu.stat", text, sizeof(text)) <= 0)
		return;
	throttle->n_periods = fields_get(text, "nr_periods", 0);
	throttle->n_throttled = fields_get(text, "nr_throttled", 0);
	/* Version 2 counts microseconds, version 1 nanoseconds. */
	throttle->throttled_ns = tree->version == 2 ? fields_get(text, "throttled_usec", 0) * 1000
						    : fields_get(text, "throttled_time", 0);
}

static void add(struct throttling *throttling, struct throttle throttle)
{
	if ((throttling->n & (throttling->n - 1)) == 0) {
		throttling->list =
			reallocarray(throttling->list, throttling->n ? throttling->n * 2 : 1,
				     sizeof(*throttling->list));
		if (!throttling->list)
			abort();
	}
	throttling->list[throttling->n++] = throttle;
}

static double tightest(const struct host *host, const struct cgroups *cgroups)
{
	const struct cgroup_tree *tree = &cgroups->trees[CGROUP_CPU];
	char path[CGROUP_PATH_BYTES];
	double limit = 0;

	if (!cgroup_path_of(host, cgroups, CGROUP_CPU, "1", path))
		return 0;
	do {
		double quota = quota_cpus(host, tree, path);

		if (quota > 0 && (limit <= 0 || quota < limit))
			limit = quota;
	} while (cgroup_parent(path));
	return limit;
}

void throttling_read(const struct host *host, const struct cgroups *cgroups,
		     struct throttling *throttling_out)
{
	CLEANUP(cgroup_list) struct cgroup_list list = { 0 };
	const struct cgroup_tree *tree = &cgroups->trees[CGROUP_CPU];
	struct throttling throttling = { 0 };

	cgroup_list_read(host, cgroups, CGROUP_CPU, &list);
	throttling.truncated = list.truncated;
	for (size_t i = 0; i < list.n; i++) {
		struct throttle throttle = { .quota_cpus = quota_cpus(host, tree, list.paths[i]) };

		if (throttle.quota_cpus <= 0)
			continue;
		if (throttling.n == THROTTLING_MAX) {
			throttling.truncated = true;
			break;
		}
		throttle.cgroup = TAKE(list.paths[i]);
		read_counters(host, tree, &throttle);
		add(&throttling, throttle);
	}
	throttling.limit_cpus = tightest(host, cgroups);
	*throttling_out = throttling;
}

void throttling_again(const struct host *host, const struct cgroups *cgroups,
		      const struct throttling *before, struct throttling *throttling_out)
{
	struct throttling throttling = {
		.truncated = before->truncated,
		.limit_cpus = before->limit_cpus,
	};

	for (size_t i = 0; i < before->n; i++) {
		struct throttle throttle = before->list[i];

		throttle.cgroup = strdup(throttle.cgroup);
		if (!throttle.cgroup)
			abort();
		read_counters(host, &cgroups->trees[CGROUP_CPU], &throttle);
		add(&throttling, throttle);
	}
	*throttling_out = throttling;
}

void throttling_finish(struct throttling *throttling)
{
	for (size_t i = 0; i < throttling->n; i++)
		free(throttling->list[i].cgroup);
	free(throttling->list);
	*throttling = (struct throttling) { 0 };
}

void throttling_cleanup(struct throttling *throttling)
{
	throttling_finish(throttling);
}

static uint64_t grown(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

static double throttled_percent(const struct throttle *before, const struct throttle *after)
{
	return sample_percent(grown(before->n_throttled, after->n_throttled),
			      grown(before->n_periods, after->n_periods));
}

static json_t *entry_json(const struct throttle *before, const struct throttle *after)
{
	json_t *entry = json_object();

	json_put(entry, "cgroup", json_text(after->cgroup, strlen(after->cgroup)));
	json_put(entry, "quota_cpus", json_figure(after->quota_cpus));
	json_put(entry, "throttled_percent", json_figure(throttled_percent(before, after)));
	json_put(entry, "n_throttled", json_count(grown(before->n_throttled, after->n_throttled)));
	json_put(entry, "throttled_ms",
		 json_figure((double)grown(before->throttled_ns, after->throttled_ns) / 1e6));
	json_put(entry, "total_periods", json_count(after->n_periods));
	json_put(entry, "total_throttled", json_count(after->n_throttled));
	return entry;
}

/* The next entry in order of how much it was throttled in the sample, then ever. */
static size_t next_worst(const struct throttling *before, const struct throttling *after,
			 const bool *is_listed)
{
	size_t worst = SIZE_MAX;
	double worst_percent = 0;

	for (size_t i = 0; i < after->n; i++) {
		double percent = throttled_percent(&before->list[i], &after->list[i]);

		if (is_listed[i] || !after->list[i].n_throttled)
			continue;
		if (worst != SIZE_MAX &&
		    (percent < worst_percent ||
		     (!(percent > worst_percent) &&
		      after->list[i].n_throttled <= after->list[worst].n_throttled)))
			continue;
		worst = i;
		worst_percent = percent;
	}
	return worst;
}

json_t *throttling_json(const struct throttling *before, const struct throttling *after)
{
	bool is_listed[THROTTLING_MAX] = { false };
	json_t *list = json_array();

	while (json_array_size(list) < LISTED_MAX) {
		size_t i = next_worst(before, after, is_listed);

		if (i == SIZE_MAX)
			break;
		is_listed[i] = true;
		json_push(list, entry_json(&before->list[i], &after->list[i]));
	}
	return list;
}
