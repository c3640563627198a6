/* get_limits: how near the machine and its processes are to what they may use. */
#include <string.h>

#include "host/cgroup.h"
#include "host/process_detail.h"
#include "tools/catalogue.h"
#include "tools/process/broker_figures.h"
#include "tools/sample.h"
#include "tools/system/near_limits.h"

static json_t *number(const struct host *host, const char *path)
{
	uint64_t value;

	return host_read_u64(host, path, &value) ? json_count(value) : json_null();
}

/* file-nr: allocated, free (always 0), maximum. */
static json_t *files_json(const struct host *host, json_t *result)
{
	char text[128];
	const char *at = text;
	uint64_t open, unused, max;
	ssize_t len = host_read(host, "proc/sys/fs/file-nr", text, sizeof(text));
	json_t *json = json_object();

	if (len <= 0 || !scan_u64(&at, &open) || !scan_u64(&at, &unused) || !scan_u64(&at, &max)) {
		if (len < 0)
			tool_unread(result, "/proc/sys/fs/file-nr", (int)len);
		json_put(json, "open", json_null());
		json_put(json, "max", json_null());
		return json;
	}
	json_put(json, "open", json_count(open));
	/* Kernels write 2^63-1 where memory is the only limit. */
	json_put(json, "max", json_count(max >= INT64_MAX ? UINT64_MAX : max));
	json_put(json, "used_percent", json_figure(sample_percent(open, max)));
	return json;
}

/* loadavg's fourth word is "runnable/tasks": the only count of threads that is one read. */
static json_t *n_tasks(const struct host *host)
{
	char text[128];
	const char *at = text;
	double load;
	uint64_t runnable, n;

	if (host_read(host, "proc/loadavg", text, sizeof(text)) <= 0)
		return json_null();
	if (!scan_double(&at, &load) || !scan_double(&at, &load) || !scan_double(&at, &load) ||
	    !scan_u64(&at, &runnable) || !scan_text(&at, "/") || !scan_u64(&at, &n))
		return json_null();
	return json_count(n);
}

static json_t *processes_json(const struct host *host)
{
	json_t *json = json_object();
	uint64_t pid_max = 0, threads_max = 0;
	json_t *n = n_tasks(host);

	(void)host_read_u64(host, "proc/sys/kernel/pid_max", &pid_max);
	(void)host_read_u64(host, "proc/sys/kernel/threads-max", &threads_max);
	json_put(json, "n_tasks", n);
	json_put(json, "pid_max", pid_max ? json_count(pid_max) : json_null());
	json_put(json, "threads_max", threads_max ? json_count(threads_max) : json_null());
	if (threads_max && (!pid_max || threads_max < pid_max))
		pid_max = threads_max;
	json_put(json, "used_percent",
		 json_figure(sample_percent((uint64_t)json_integer_value(n), pid_max)));
	return json;
}

static uint64_t pids_events(const struct host *host, const struct cgroup_tree *tree,
			    const char *path)
{
	char text[256];
	const char *at = text;
	uint64_t n;

	if (cgroup_read(host, tree, path, "pids.events", text, sizeof(text)) <= 0)
		return UINT64_MAX;
	return scan_text(&at, "max") && scan_u64(&at, &n) ? n : UINT64_MAX;
}

static void put_cgroup_pids(const struct host *host, json_t *result)
{
	CLEANUP(cgroup_list) struct cgroup_list list = { 0 };
	struct near_limits near = { .max = 50 };
	struct cgroups cgroups;

	cgroups_find(host, &cgroups);
	cgroup_list_read(host, &cgroups, CGROUP_PIDS, &list);
	for (size_t i = 0; i < list.n; i++) {
		const struct cgroup_tree *tree = &cgroups.trees[CGROUP_PIDS];
		const char *path = list.paths[i];
		uint64_t current, max;
		json_t *json;

		if (!cgroup_read_u64(host, tree, path, "pids.max", &max) || max == UINT64_MAX ||
		    !cgroup_read_u64(host, tree, path, "pids.current", &current))
			continue;
		json = json_object();
		json_put(json, "cgroup", json_text(path, strlen(path)));
		json_put(json, "current", json_count(current));
		json_put(json, "max", json_count(max));
		json_put(json, "used_percent", json_figure(sample_percent(current, max)));
		json_put(json, "events_max", json_count(pids_events(host, tree, path)));
		near_limits_offer(&near, sample_percent(current, max), json);
	}
	if (list.truncated)
		json_put(result, "truncated", json_true());
	json_put(result, "cgroup_pids", near_limits_take(&near));
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	const struct host *host = task->host;

	json_put(result, "files", files_json(host, result));
	json_put(result, "processes", processes_json(host));
	json_put(result, "inotify",
		 json_pack("{s:o, s:o}", "max_instances",
			   number(host, "proc/sys/fs/inotify/max_user_instances"), "max_watches",
			   number(host, "proc/sys/fs/inotify/max_user_watches")));
	json_put(result, "entropy",
		 json_pack("{s:o, s:o}", "available",
			   number(host, "proc/sys/kernel/random/entropy_avail"), "pool",
			   number(host, "proc/sys/kernel/random/poolsize")));
	put_cgroup_pids(host, result);
	near_limits_put_processes(task, result);
	return 0;
}

const struct tool tool_get_limits = {
	.info = {
		.name = "get_limits",
		.summary = "How near the machine, its cgroups and its processes are to their limits of "
			   "open files and processes.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "files: {open: integer|null, max: integer|null, used_percent?: number}, "
			"processes: {n_tasks: integer|null, pid_max: integer|null, "
			"threads_max: integer|null, used_percent: number}, "
			"inotify: {max_instances: integer|null, max_watches: integer|null}, "
			"entropy: {available: integer|null, pool: integer|null}, "
			"cgroup_pids: [{cgroup: string, current: integer|null, max: integer|null, "
			"used_percent: number, events_max: integer|null}], processes_near_limit: [{"
			PROCESS_NAME_RESULT
			", what: string, used: integer, limit: integer, used_percent: number}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
