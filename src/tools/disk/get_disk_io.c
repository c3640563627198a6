/* get_disk_io: what the disks are doing, how long requests wait, and for whom. */
#include <stdlib.h>
#include <string.h>

#include "host/disk_stats.h"
#include "host/pressure.h"
#include "host/process_detail.h"
#include "tools/catalogue.h"
#include "tools/disk/io_limits.h"
#include "tools/process/broker_figures.h"
#include "tools/sample.h"

#define SECTOR_BYTES 512
#define DISKS_MAX 64
#define BLOCKED_MAX 20
#define PROCESSES_MAX 10

static uint64_t grown(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

static void put_times(json_t *json, const struct disk *then, const struct disk *now,
		      uint64_t elapsed_ns)
{
	double elapsed_ms = (double)elapsed_ns / NS_PER_MS;
	double busy_ms = (double)grown(then->busy_ms, now->busy_ms);
	double n =
		(double)(grown(then->n_reads, now->n_reads) + grown(then->n_writes, now->n_writes));
	double ms =
		(double)(grown(then->read_ms, now->read_ms) + grown(then->write_ms, now->write_ms));
	double busy = elapsed_ms > 0 ? busy_ms * 100 / elapsed_ms : 0;

	/* The kernel's clock ticks coarsely: a full disk can seem busier than the time allows. */
	json_put(json, "utilisation_percent", json_figure(busy < 100 ? busy : 100));
	json_put(json, "await_ms", json_figure(n > 0 ? ms / n : 0));
	json_put(json, "queue_depth",
		 json_figure(elapsed_ms > 0 ? (double)grown(then->weighted_ms, now->weighted_ms) /
						      elapsed_ms
					    : 0));
	json_put(json, "in_flight", json_count(now->n_in_flight));
}

static json_t *disk_json(const struct disk *then, const struct disk *now, uint64_t elapsed_ns)
{
	json_t *json = json_object();

	json_put(json, "name", json_text(now->name, strlen(now->name)));
	json_put(json, "reads_per_s", sample_rate_json(then->n_reads, now->n_reads, elapsed_ns));
	json_put(json, "writes_per_s", sample_rate_json(then->n_writes, now->n_writes, elapsed_ns));
	json_put(json, "read_bytes_per_s",
		 json_figure(sample_rate(then->read_sectors, now->read_sectors, elapsed_ns) *
			     SECTOR_BYTES));
	json_put(json, "write_bytes_per_s",
		 json_figure(sample_rate(then->written_sectors, now->written_sectors, elapsed_ns) *
			     SECTOR_BYTES));
	put_times(json, then, now, elapsed_ns);
	return json;
}

/* Loop devices and RAM disks that nobody ever used only hide the others. */
static bool is_worth_naming(const struct host *host, const struct disk *disk)
{
	return (disk->n_reads || disk->n_writes || disk->n_in_flight) &&
	       !disk_is_partition(host, disk);
}

static void put_disks(const struct host *host, const struct disk_stats *before,
		      const struct disk_stats *after, uint64_t elapsed_ns, json_t *result)
{
	json_t *list = json_array();

	json_put(result, "disks", list);
	for (size_t i = 0; i < after->n; i++) {
		const struct disk *now = &after->list[i];
		const struct disk *then = disk_stats_match(before, now);

		if (!then || !is_worth_naming(host, now))
			continue;
		if (json_array_size(list) == DISKS_MAX) {
			json_put(result, "truncated", json_true());
			return;
		}
		json_push(list, disk_json(then, now, elapsed_ns));
	}
}

/* Tasks in uninterruptible sleep, and where in the kernel. */
static void put_blocked(const struct host *host, const struct process_table *table, json_t *result)
{
	json_t *list = json_array();

	for (size_t i = 0; i < table->n && json_array_size(list) < BLOCKED_MAX; i++) {
		const struct process *process = &table->list[i];
		char wchan[128];
		json_t *entry;

		if (process->state != 'D')
			continue;
		entry = process_name_json(process);
		if (process_read_file(host, process->pid, "wchan", wchan, sizeof(wchan)) > 0 &&
		    strcmp(wchan, "0") != 0)
			json_put(entry, "wchan", json_text(wchan, strlen(wchan)));
		else
			json_put(entry, "wchan", json_null());
		json_push(list, entry);
	}
	json_put(result, "blocked_tasks", list);
}

struct user {
	const struct process *process;
	double read_per_s, write_per_s;
};

static int compare_users(const void *left, const void *right)
{
	const struct user *a = left, *b = right;
	double first = a->read_per_s + a->write_per_s, second = b->read_per_s + b->write_per_s;

	if (first < second || first > second)
		return first < second ? 1 : -1;
	return (a->process->pid > b->process->pid) - (a->process->pid < b->process->pid);
}

static void put_processes(const struct process_table *table, const struct broker_figures *figures,
			  json_t *result)
{
	struct user *users = calloc(table->n + 1, sizeof(*users));
	json_t *list = json_array();
	size_t n = 0;

	if (!users)
		abort();
	for (size_t i = 0; i < table->n; i++) {
		users[n].process = &table->list[i];
		if (broker_figures_io(figures, table->list[i].pid, &users[n].read_per_s,
				      &users[n].write_per_s) &&
		    users[n].read_per_s + users[n].write_per_s > 0)
			n++;
	}
	qsort(users, n, sizeof(*users), compare_users);
	for (size_t i = 0; i < n && i < PROCESSES_MAX; i++) {
		json_t *entry = process_name_json(users[i].process);

		json_put(entry, "read_bytes_per_s", json_figure(users[i].read_per_s));
		json_put(entry, "write_bytes_per_s", json_figure(users[i].write_per_s));
		json_push(list, entry);
	}
	free(users);
	json_put(result, "processes", list);
}

static int read_disks(const struct host *host, struct disk_stats *stats_out, struct error *err)
{
	int r = disk_stats_read(host, stats_out);

	return r < 0 ? error_set(err, r, "read /proc/diskstats: %s", strerrordesc_np(-r)) : 0;
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(broker_figures) struct broker_figures figures = { 0 };
	CLEANUP(process_table) struct process_table processes = { 0 };
	CLEANUP(disk_stats) struct disk_stats before = { 0 };
	CLEANUP(disk_stats) struct disk_stats after = { 0 };
	CLEANUP(io_limits) struct io_limits limits = { 0 };
	struct cgroups cgroups;
	uint64_t elapsed_ns;
	int r;

	cgroups_find(task->host, &cgroups);
	io_limits_read(task->host, &cgroups, &limits);
	broker_figures_start_io(task, &figures, result);
	r = read_disks(task->host, &before, err);
	if (r < 0)
		return r;
	elapsed_ns = sample_wait(task, args);
	r = read_disks(task->host, &after, err);
	if (r < 0)
		return r;
	broker_figures_end_io(task, &figures, elapsed_ns);
	r = process_table_read(task->host, &processes);
	if (r < 0)
		tool_unread(result, "/proc", r);

	put_disks(task->host, &before, &after, elapsed_ns, result);
	json_put(result, "pressure", pressure_json(task->host, "proc/pressure/io"));
	put_processes(&processes, &figures, result);
	put_blocked(task->host, &processes, result);
	io_limits_settle(task, &cgroups, elapsed_ns, &processes, &limits);
	json_put(result, "limited", io_limits_json(task->host, &limits));
	if (limits.truncated)
		json_put(result, "truncated", json_true());
	return 0;
}

const struct tool tool_get_disk_io = {
	.info = {
		.name = "get_disk_io",
		.summary = "What each disk is doing, how busy it is, how long requests wait, which "
			   "processes read and write, which tasks are blocked, and which cgroups "
			   "are held to an I/O limit and how much of it they use.",
		.schema = "{\"type\":\"object\",\"properties\":{" SAMPLE_SCHEMA "},"
			  "\"additionalProperties\":false}",
		.result = "disks: [{name: string, reads_per_s: number, writes_per_s: number, "
			"read_bytes_per_s: number, write_bytes_per_s: number, "
			"utilisation_percent: number, await_ms: number, queue_depth: number, "
			"in_flight: integer}], pressure: " PRESSURE_RESULT ", blocked_tasks: [{"
			PROCESS_NAME_RESULT ", wchan: string|null}], processes: [{"
			PROCESS_NAME_RESULT
			", read_bytes_per_s: number, write_bytes_per_s: number}], "
			"limited: [{cgroup: string, device: string, kind: string, "
			"limit_per_s: integer, rate_per_s: number, used_percent: number, "
			"n_waiting: integer, waiting: string|null, "
			"pressure_some_avg10: number|null}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
