/* get_pressure: who waits for processor, memory and disk, on the machine and by cgroup. */
#include <stdlib.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/pressure.h"
#include "tools/catalogue.h"

#define LISTED_MAX 20

struct entry {
	double worst;
	json_t *json;
};

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return (b->worst > a->worst) - (b->worst < a->worst);
}

static bool add(const struct host *host, const struct cgroup_tree *tree, const char *path,
		struct entry *entry)
{
	static const char *const resources[] = { "cpu", "memory", "io" };
	json_t *json = json_object();

	entry->worst = 0;
	json_put(json, "cgroup", json_text(path, strlen(path)));
	for (size_t i = 0; i < ARRAY_LEN(resources); i++) {
		char file[1024];
		json_t *figures;
		double avg10;

		(void)snprintf(file, sizeof(file), "%s%s/%s.pressure", tree->mount,
			       strcmp(path, "/") == 0 ? "" : path, resources[i]);
		figures = pressure_json(host, file);
		avg10 = json_get_number(figures, "some_avg10", 0);
		entry->worst = avg10 > entry->worst ? avg10 : entry->worst;
		json_put(json, resources[i], figures);
	}
	entry->json = json;
	return entry->worst > 0;
}

/* Cgroups under any pressure, worst first. Version 1 has no such files. */
static void put_cgroups(const struct host *host, json_t *result)
{
	CLEANUP(cgroup_list) struct cgroup_list list = { 0 };
	struct cgroups cgroups;
	struct entry *entries;
	json_t *json = json_array();
	size_t n = 0;

	cgroups_find(host, &cgroups);
	if (cgroups.trees[CGROUP_CPU].version == 2)
		cgroup_list_read(host, &cgroups, CGROUP_CPU, &list);
	entries = calloc(list.n + 1, sizeof(*entries));
	if (!entries)
		abort();
	for (size_t i = 0; i < list.n; i++) {
		if (add(host, &cgroups.trees[CGROUP_CPU], list.paths[i], &entries[n]))
			n++;
		else
			json_decref(entries[n].json);
	}
	qsort(entries, n, sizeof(*entries), compare);
	for (size_t i = 0; i < n; i++) {
		if (i < LISTED_MAX)
			json_push(json, entries[i].json);
		else
			json_decref(entries[i].json);
	}
	free(entries);
	json_put(result, "cgroups", json);
	if (list.truncated || n > LISTED_MAX)
		json_put(result, "truncated", json_true());
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	json_put(result, "cpu", pressure_json(task->host, "proc/pressure/cpu"));
	json_put(result, "memory", pressure_json(task->host, "proc/pressure/memory"));
	json_put(result, "io", pressure_json(task->host, "proc/pressure/io"));
	put_cgroups(task->host, result);
	return 0;
}

const struct tool tool_get_pressure = {
	.info = {
		.name = "get_pressure",
		.summary = "Which share of the time tasks waited for processor, memory and disk, on "
			   "the machine and in each cgroup; null where the kernel does not count it.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "cpu: " PRESSURE_RESULT ", memory: " PRESSURE_RESULT ", io: "
			PRESSURE_RESULT ", cgroups: [{cgroup: string, cpu: " PRESSURE_RESULT
			", memory: " PRESSURE_RESULT ", io: " PRESSURE_RESULT "}]",
		.risk = TOOL_READS,
	},
	.run = run,
};
