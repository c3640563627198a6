/* get_cpu: how busy the processors are, with what, and whom quotas stop. */
#include "base/scan.h"
#include "host/cpu_stat.h"
#include "host/pressure.h"
#include "tools/catalogue.h"
#include "tools/cpu/throttling.h"
#include "tools/process/top.h"
#include "tools/sample.h"

struct reading {
	struct cpu_stat stat;
	struct process_table processes;
	struct throttling throttling;
};

static void reading_cleanup(struct reading *reading)
{
	cpu_stat_finish(&reading->stat);
	process_table_finish(&reading->processes);
	throttling_finish(&reading->throttling);
}

static void put_usage(json_t *result, const struct cpu_usage *usage)
{
	json_put(result, "usage_percent", json_figure(usage->busy));
	json_put(result, "user_percent", json_figure(usage->user));
	json_put(result, "system_percent", json_figure(usage->kernel));
	json_put(result, "iowait_percent", json_figure(usage->iowait));
	json_put(result, "irq_percent", json_figure(usage->irq));
	json_put(result, "softirq_percent", json_figure(usage->softirq));
	json_put(result, "steal_percent", json_figure(usage->steal));
}

static json_t *per_cpu(const struct cpu_stat *before, const struct cpu_stat *after)
{
	json_t *list = json_array();

	for (size_t i = 0; i < after->n_cpus; i++) {
		const struct cpu_entry *cpu = &after->cpus[i];
		const struct cpu_times *then = cpu_stat_find(before, cpu->number);
		struct cpu_usage usage;

		if (!then)
			continue;
		usage = cpu_usage_between(then, &cpu->times);
		json_push(list, json_pack("{s:i, s:o}", "cpu", (int)cpu->number, "usage_percent",
					  json_figure(usage.busy)));
	}
	return list;
}

static void put_load(const struct host *host, json_t *result)
{
	char text[128];
	const char *at = text;
	double load;
	json_t *list;
	ssize_t len = host_read(host, "proc/loadavg", text, sizeof(text));

	if (len < 0) {
		json_put(result, "load", json_null());
		tool_unread(result, "/proc/loadavg", (int)len);
		return;
	}
	list = json_array();
	for (int i = 0; i < 3 && scan_double(&at, &load); i++)
		json_push(list, json_figure(load));
	json_put(result, "load", list);
}

static void put_counters(json_t *result, const struct reading *before, const struct reading *after,
			 uint64_t elapsed_ns)
{
	json_put(result, "context_switches_per_s",
		 sample_rate_json(before->stat.n_switches, after->stat.n_switches, elapsed_ns));
	json_put(result, "forks_per_s",
		 sample_rate_json(before->stat.n_forks, after->stat.n_forks, elapsed_ns));
	json_put(result, "runnable", json_count(after->stat.n_runnable));
	json_put(result, "blocked", json_count(after->stat.n_blocked));
}

static void put_limits(json_t *result, const struct reading *before, const struct reading *after)
{
	double n_cpus = (double)after->stat.n_cpus;
	double limit = after->throttling.limit_cpus;

	json_put(result, "n_cpus", json_integer((json_int_t)after->stat.n_cpus));
	json_put(result, "limit_cpus", json_figure(limit > 0 && limit < n_cpus ? limit : n_cpus));
	json_put(result, "throttled", throttling_json(&before->throttling, &after->throttling));
	if (after->throttling.truncated || after->processes.truncated)
		json_put(result, "truncated", json_true());
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(reading) struct reading before = { 0 };
	CLEANUP(reading) struct reading after = { 0 };
	struct cpu_usage usage;
	struct cgroups cgroups;
	uint64_t elapsed_ns;
	int r;

	cgroups_find(task->host, &cgroups);
	throttling_read(task->host, &cgroups, &before.throttling);
	r = process_table_read(task->host, &before.processes);
	if (r < 0)
		tool_unread(result, "/proc", r);
	r = cpu_stat_read(task->host, &before.stat, err);
	if (r < 0)
		return r;
	elapsed_ns = sample_wait(task, args);
	r = cpu_stat_read(task->host, &after.stat, err);
	if (r < 0)
		return r;
	process_table_again(task->host, &before.processes, &after.processes);
	throttling_again(task->host, &cgroups, &before.throttling, &after.throttling);

	usage = cpu_usage_between(&before.stat.all, &after.stat.all);
	put_usage(result, &usage);
	json_put(result, "per_cpu", per_cpu(&before.stat, &after.stat));
	put_counters(result, &before, &after, elapsed_ns);
	put_limits(result, &before, &after);
	put_load(task->host, result);
	json_put(result, "pressure", pressure_json(task->host, "proc/pressure/cpu"));
	json_put(result, "top", top_by_cpu(&before.processes, &after.processes, elapsed_ns));
	return 0;
}

const struct tool tool_get_cpu = {
	.info = {
		.name = "get_cpu",
		.summary = "How busy the processors are and with what, who uses them, how many tasks "
			   "wait, and which cgroups their CPU quota throttles.",
		.schema = "{\"type\":\"object\",\"properties\":{" SAMPLE_SCHEMA "},"
			  "\"additionalProperties\":false}",
		.result = "usage_percent: number, user_percent: number, system_percent: number, "
			"iowait_percent: number, irq_percent: number, softirq_percent: number, "
			"steal_percent: number, per_cpu: [{cpu: integer, usage_percent: number}], "
			"load: [number]|null, context_switches_per_s: number, forks_per_s: number, "
			"runnable: integer, blocked: integer, n_cpus: integer, limit_cpus: number, "
			"throttled: [{cgroup: string, quota_cpus: number, "
			"throttled_percent: number, n_throttled: integer, throttled_ms: number, "
			"total_periods: integer, total_throttled: integer}], pressure: "
			PRESSURE_RESULT ", top: [{pid: integer, comm: string, cpu_percent: number}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
