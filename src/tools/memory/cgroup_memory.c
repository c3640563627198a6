#include "tools/memory/cgroup_memory.h"

#include <stdlib.h>
#include <string.h>

#include "host/fields.h"
#include "tools/sample.h"

#define LISTED_MAX 50
#define STAT_BYTES 8192

/* Files by version of the tree. */
struct names {
	const char *limit, *usage, *inactive, *refaults, *anonymous_refaults;
};

static const struct names names_by_version[] = {
	[1] = { "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file",
		"total_workingset_refault_file", "total_workingset_refault_anon" },
	[2] = { "memory.max", "memory.current", "inactive_file", "workingset_refault_file",
		"workingset_refault_anon" },
};

struct cgroup_usage {
	uint64_t limit; /* UINT64_MAX where the cgroup has none of its own */
	uint64_t usage, working_set;
	uint64_t n_oom_kills, n_failures, n_refaults;
};

static void read_events(const struct host *host, const struct cgroup_tree *tree, const char *path,
			struct cgroup_usage *usage)
{
	char text[1024];

	usage->n_oom_kills = UINT64_MAX;
	usage->n_failures = UINT64_MAX;
	if (tree->version == 2) {
		if (cgroup_read(host, tree, path, "memory.events", text, sizeof(text)) <= 0)
			return;
		usage->n_oom_kills = fields_get(text, "oom_kill", UINT64_MAX);
		usage->n_failures = fields_get(text, "max", UINT64_MAX);
		return;
	}
	if (cgroup_read(host, tree, path, "memory.oom_control", text, sizeof(text)) > 0)
		usage->n_oom_kills = fields_get(text, "oom_kill", UINT64_MAX);
	(void)cgroup_read_u64(host, tree, path, "memory.failcnt", &usage->n_failures);
}

/* False where the cgroup has no limit of its own. */
static bool read_usage(const struct host *host, const struct cgroup_tree *tree, const char *path,
		       struct cgroup_usage *usage_out)
{
	const struct names *names = &names_by_version[tree->version];
	struct cgroup_usage usage = { .usage = 0 };
	char text[STAT_BYTES];
	uint64_t inactive = 0;

	if (!cgroup_read_u64(host, tree, path, names->limit, &usage.limit) ||
	    usage.limit == UINT64_MAX)
		return false;
	if (!cgroup_read_u64(host, tree, path, names->usage, &usage.usage))
		return false;
	if (cgroup_read(host, tree, path, "memory.stat", text, sizeof(text)) > 0) {
		inactive = fields_get(text, names->inactive, 0);
		usage.n_refaults = fields_get(text, names->refaults, 0) +
				   fields_get(text, names->anonymous_refaults, 0);
	}
	usage.working_set = usage.usage > inactive ? usage.usage - inactive : 0;
	read_events(host, tree, path, &usage);
	*usage_out = usage;
	return true;
}

static json_t *usage_json(const char *path, const struct cgroup_usage *usage)
{
	json_t *json = json_object();

	json_put(json, "cgroup", json_text(path, strlen(path)));
	json_put(json, "limit_bytes", json_count(usage->limit));
	json_put(json, "usage_bytes", json_count(usage->usage));
	json_put(json, "working_set_bytes", json_count(usage->working_set));
	json_put(json, "used_percent",
		 json_figure(sample_percent(usage->working_set, usage->limit)));
	json_put(json, "oom_kills", json_count(usage->n_oom_kills));
	json_put(json, "max_events", json_count(usage->n_failures));
	return json;
}

static json_t *tightest(const struct host *host, const struct cgroups *cgroups)
{
	const struct cgroup_tree *tree = &cgroups->trees[CGROUP_MEMORY];
	char path[CGROUP_PATH_BYTES], best_path[CGROUP_PATH_BYTES] = "";
	struct cgroup_usage usage, best = { .limit = UINT64_MAX };
	json_t *json;

	if (!cgroup_path_of(host, cgroups, CGROUP_MEMORY, "1", path))
		return json_null();
	do {
		if (read_usage(host, tree, path, &usage) && usage.limit < best.limit) {
			best = usage;
			(void)snprintf(best_path, sizeof(best_path), "%s", path);
		}
	} while (cgroup_parent(path));
	if (best.limit == UINT64_MAX)
		return json_null();
	json = usage_json(best_path, &best);
	json_put(json, "failcnt", json_count(best.n_failures));
	return json;
}

struct entry {
	double used_percent;
	json_t *json;
};

static int compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return (b->used_percent > a->used_percent) - (b->used_percent < a->used_percent);
}

void cgroup_memory_read(const struct host *host, const struct cgroups *cgroups,
			struct cgroup_memory *memory_out)
{
	struct cgroup_memory memory = { 0 };

	cgroup_list_read(host, cgroups, CGROUP_MEMORY, &memory.list);
	memory.usages = calloc(memory.list.n + 1, sizeof(*memory.usages));
	if (!memory.usages)
		abort();
	for (size_t i = 0; i < memory.list.n; i++)
		if (!read_usage(host, &cgroups->trees[CGROUP_MEMORY], memory.list.paths[i],
				&memory.usages[i]))
			memory.usages[i].limit = UINT64_MAX;
	*memory_out = memory;
}

void cgroup_memory_cleanup(struct cgroup_memory *memory)
{
	cgroup_list_finish(&memory->list);
	free(memory->usages);
	memory->usages = NULL;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* No rates for a cgroup that has just come. */
static void put_rates(const struct cgroup_memory_sample *sample, size_t i, json_t *json)
{
	const struct cgroup_memory *before = sample->before, *after = sample->after;
	char **found = bsearch(&after->list.paths[i], before->list.paths, before->list.n,
			       sizeof(*before->list.paths), compare_paths);
	const struct cgroup_usage *was;

	if (!found)
		return;
	was = &before->usages[found - before->list.paths];
	if (was->limit == UINT64_MAX)
		return;
	json_put(
		json, "max_events_per_s",
		sample_rate_json(was->n_failures, after->usages[i].n_failures, sample->elapsed_ns));
	json_put(
		json, "refaults_per_s",
		sample_rate_json(was->n_refaults, after->usages[i].n_refaults, sample->elapsed_ns));
}

void cgroup_memory_put(const struct host *host, const struct cgroups *cgroups,
		       const struct cgroup_memory_sample *sample, json_t *result)
{
	const struct cgroup_memory *memory = sample->after;
	struct entry *entries = calloc(memory->list.n + 1, sizeof(*entries));
	json_t *json = json_array();
	size_t n = 0;

	if (!entries)
		abort();
	for (size_t i = 0; i < memory->list.n; i++) {
		const struct cgroup_usage *usage = &memory->usages[i];

		if (usage->limit == UINT64_MAX)
			continue;
		entries[n].used_percent = sample_percent(usage->working_set, usage->limit);
		entries[n].json = usage_json(memory->list.paths[i], usage);
		put_rates(sample, i, entries[n++].json);
	}
	qsort(entries, n, sizeof(*entries), compare_entries);
	for (size_t i = 0; i < n; i++) {
		if (i < LISTED_MAX)
			json_push(json, entries[i].json);
		else
			json_decref(entries[i].json);
	}
	free(entries);
	json_put(result, "limit", tightest(host, cgroups));
	json_put(result, "cgroups", json);
	if (memory->list.truncated || n > LISTED_MAX)
		json_put(result, "truncated", json_true());
}
