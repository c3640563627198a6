/* get_system_metrics: the whole machine in one answer, as a snapshot. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "host/cpu_stat.h"
#include "host/disk_stats.h"
#include "host/fields.h"
#include "host/identity.h"
#include "host/pids.h"
#include "host/process_detail.h"
#include "tools/catalogue.h"
#include "tools/disk/filesystems.h"
#include "tools/network/interfaces.h"
#include "tools/sample.h"

#define MEMINFO_BYTES 8192
#define SECTOR_BYTES 512

static json_t *mean_mhz(const struct host *host, const char *cpuinfo)
{
	char path[] = "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq";
	const char *at;
	uint64_t khz;
	double mhz;

	if (host_read_u64(host, path, &khz))
		return json_figure((double)khz / 1000);
	/* Without frequency scaling (virtual machines) only x86 says it, of each processor. */
	at = strstr(cpuinfo, "cpu MHz");
	at = at ? strchr(at, ':') : NULL;
	if (!at)
		return json_null();
	at++;
	return scan_double(&at, &mhz) ? json_figure(mhz) : json_null();
}

static json_t *load_json(const struct host *host)
{
	char text[128];
	const char *at = text;
	json_t *list = json_array();
	double load;

	if (host_read(host, "proc/loadavg", text, sizeof(text)) <= 0)
		return list;
	for (int i = 0; i < 3 && scan_double(&at, &load); i++)
		json_push(list, json_figure(load));
	return list;
}

static json_t *cpu_json(const struct host *host, const char *cpuinfo, const struct cpu_stat *before,
			const struct cpu_stat *after)
{
	struct cpu_usage usage = cpu_usage_between(&before->all, &after->all);
	json_t *json = json_object(), *each = json_array();

	for (size_t i = 0; i < after->n_cpus; i++) {
		const struct cpu_times *then = cpu_stat_find(before, after->cpus[i].number);

		if (then)
			json_push(each,
				  json_figure(cpu_usage_between(then, &after->cpus[i].times).busy));
	}
	json_put(json, "percent", json_figure(usage.busy));
	json_put(json, "user_percent", json_figure(usage.user));
	json_put(json, "system_percent", json_figure(usage.kernel));
	json_put(json, "iowait_percent", json_figure(usage.iowait));
	json_put(json, "steal_percent", json_figure(usage.steal));
	json_put(json, "per_cpu_percent", each);
	json_put(json, "count", json_integer((json_int_t)after->n_cpus));
	json_put(json, "frequency_mhz", mean_mhz(host, cpuinfo));
	json_put(json, "load", load_json(host));
	return json;
}

static json_t *pool_json(uint64_t total_kib, uint64_t left_kib)
{
	uint64_t used_kib = total_kib > left_kib ? total_kib - left_kib : 0;
	json_t *json = json_object();

	if (total_kib > UINT64_MAX / KIB)
		total_kib = used_kib = 0;
	json_put(json, "total_bytes", json_count(total_kib * KIB));
	json_put(json, "used_bytes", json_count(used_kib * KIB));
	json_put(json, "free_bytes", json_count((total_kib - used_kib) * KIB));
	json_put(json, "percent", json_figure(sample_percent(used_kib, total_kib)));
	return json;
}

static void put_memory(const struct host *host, json_t *result)
{
	char text[MEMINFO_BYTES];
	ssize_t len = host_read(host, "proc/meminfo", text, sizeof(text));
	json_t *memory;
	uint64_t available;

	if (len < 0) {
		tool_unread(result, "/proc/meminfo", (int)len);
		text[0] = '\0';
	}
	available = fields_get(text, "MemAvailable", fields_get(text, "MemFree", 0));
	memory = pool_json(fields_get(text, "MemTotal", 0), available);
	json_put(memory, "available_bytes", json_incref(json_object_get(memory, "free_bytes")));
	json_put(memory, "free_bytes", json_count(fields_get(text, "MemFree", 0) * KIB));
	json_put(memory, "cached_bytes", json_count(fields_get(text, "Cached", 0) * KIB));
	json_put(memory, "buffers_bytes", json_count(fields_get(text, "Buffers", 0) * KIB));
	json_put(memory, "shared_bytes", json_count(fields_get(text, "Shmem", 0) * KIB));
	json_put(result, "memory", memory);
	json_put(result, "swap",
		 pool_json(fields_get(text, "SwapTotal", 0), fields_get(text, "SwapFree", 0)));
}

static json_t *io_json(const struct host *host, json_t *result)
{
	CLEANUP(disk_stats) struct disk_stats stats = { 0 };
	json_t *list = json_array();
	int r = disk_stats_read(host, &stats);

	if (r < 0)
		tool_unread(result, "/proc/diskstats", r);
	for (size_t i = 0; i < stats.n; i++) {
		const struct disk *disk = &stats.list[i];

		if (!(disk->n_reads || disk->n_writes) || disk_is_partition(host, disk))
			continue;
		json_push(list,
			  json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "name",
				    json_text(disk->name, strlen(disk->name)), "reads",
				    json_count(disk->n_reads), "writes", json_count(disk->n_writes),
				    "read_bytes", json_count(disk->read_sectors * SECTOR_BYTES),
				    "write_bytes", json_count(disk->written_sectors * SECTOR_BYTES),
				    "busy_ms", json_count(disk->busy_ms)));
	}
	return list;
}

/* The figures of "/" stand on top, as one disk is what most people mean. */
static void put_disk(struct task *task, json_t *result)
{
	static const char *const members[] = { "total_bytes", "used_bytes", "available_bytes",
					       "used_percent" };
	json_t *disk = json_object(), *list = json_array();
	struct error err = { 0 };
	json_t *one;
	size_t i;

	if (filesystems_put(task, result, &err) < 0)
		tool_unread(result, "/proc/1/mountinfo", err.code);
	json_array_foreach(json_object_get(result, "filesystems"), i, one)
	{
		if (json_get_bool(one, "pseudo", false))
			continue;
		json_push(list, json_incref(one));
		for (size_t k = 0; k < ARRAY_LEN(members); k++)
			if (strcmp(json_get_text(one, "mount", ""), "/") == 0 &&
			    json_object_get(one, members[k]))
				json_put(disk, members[k],
					 json_incref(json_object_get(one, members[k])));
	}
	(void)json_object_del(result, "filesystems");
	json_put(disk, "filesystems", list);
	json_put(disk, "io", io_json(task->host, result));
	json_put(result, "disk", disk);
}

static void put_network(const struct host *host, uint64_t elapsed_ns, json_t *result)
{
	json_t *network = json_object();
	const json_t *interface;
	uint64_t received = 0, sent = 0;
	size_t i;

	interfaces_rate(host, (double)elapsed_ns / NS_PER_SEC, result);
	addresses_read(host, result);
	json_array_foreach(json_object_get(result, "interfaces"), i, interface)
	{
		if (strcmp(json_get_text(interface, "name", ""), "lo") == 0)
			continue;
		received += (uint64_t)json_get_int(interface, "rx_bytes", 0);
		sent += (uint64_t)json_get_int(interface, "tx_bytes", 0);
	}
	json_put(network, "rx_bytes", json_count(received));
	json_put(network, "tx_bytes", json_count(sent));
	json_put(network, "interfaces", json_incref(json_object_get(result, "interfaces")));
	(void)json_object_del(result, "interfaces");
	json_put(result, "network", network);
}

/* How many there are; without rows the table need not be read for it. */
static size_t read_processes(const struct host *host, size_t max, struct process_table *table,
			     json_t *result)
{
	CLEANUP(pids) struct pids pids = { 0 };
	int r = max ? process_table_read(host, table) : pids_read(host, "proc", &pids);

	if (r < 0)
		tool_unread(result, "/proc", r);
	if (pids.truncated || table->truncated)
		json_put(result, "truncated", json_true());
	return max ? table->n : pids.n;
}

static void put_processes(const struct host *host, size_t max, json_t *result)
{
	CLEANUP(process_table) struct process_table table = { 0 };
	CLEANUP(process_view) struct process_view view = { 0 };
	size_t n = read_processes(host, max, &table, result);
	json_t *list = json_array();

	process_view_init(&view, host);
	for (size_t i = 0; i < table.n && i < max; i++)
		json_push(list, process_row_json(&view, &table.list[i]));
	json_put(result, "n_processes", json_integer((json_int_t)n));
	json_put(result, "processes",
		 json_pack("{s:o, s:o, s:s}", "columns", process_columns_json(), "rows", list,
			   "source", table.source == PROCESS_TABLE_STREAM ? "kernel" : "/proc"));
}

static void put_system(const struct host *host, const char *cpuinfo, const struct cpu_stat *stat,
		       json_t *result)
{
	json_t *json = json_object();
	char text[64], when[CLOCK_TEXT_BYTES];
	const char *at = text;
	double uptime;

	identity_put(host, cpuinfo, json);
	json_put(json, "platform", json_string("Linux"));
	json_put(json, "boot_time",
		 stat->boot_time_s ? json_string(clock_format(stat->boot_time_s * NS_PER_SEC, when))
				   : json_null());
	json_put(json, "uptime_seconds",
		 host_read(host, "proc/uptime", text, sizeof(text)) > 0 && scan_double(&at, &uptime)
			 ? json_figure(uptime)
			 : json_null());
	json_put(result, "system", json);
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	CLEANUP(cpu_stat) struct cpu_stat before = { 0 };
	CLEANUP(cpu_stat) struct cpu_stat after = { 0 };
	char cpuinfo[IDENTITY_CPUINFO_BYTES];
	uint64_t elapsed_ns;
	int r;

	interfaces_read(task->host, result);
	r = cpu_stat_read(task->host, &before, err);
	if (r < 0)
		return r;
	elapsed_ns = sample_wait(task, args);
	r = cpu_stat_read(task->host, &after, err);
	if (r < 0)
		return r;

	identity_read_cpuinfo(task->host, cpuinfo);
	json_put(result, "cpu", cpu_json(task->host, cpuinfo, &before, &after));
	put_memory(task->host, result);
	put_disk(task, result);
	put_network(task->host, elapsed_ns, result);
	put_processes(task->host, (size_t)json_get_int(args, "max_processes", 0), result);
	put_system(task->host, cpuinfo, &after, result);
	return 0;
}

const struct tool tool_get_system_metrics = {
	.info = {
		.name = "get_system_metrics",
		.summary = "A snapshot of the whole machine: CPU, memory, swap, disks, network, "
			   "identity, and if asked for, every process.",
		.schema = "{\"type\":\"object\",\"properties\":{" SAMPLE_SCHEMA
			  ",\"max_processes\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":65536,"
			  "\"description\":\"how many processes to list, as rows; none if not given\"}},"
			  "\"additionalProperties\":false}",
		.result = "cpu: {percent: number, user_percent: number, system_percent: number, "
			"iowait_percent: number, steal_percent: number, per_cpu_percent: [number], "
			"count: integer, frequency_mhz: number|null, load: [number]}, "
			"memory: {total_bytes: integer, used_bytes: integer, free_bytes: integer, "
			"percent: number, available_bytes: integer, cached_bytes: integer, "
			"buffers_bytes: integer, shared_bytes: integer}, "
			"swap: {total_bytes: integer, used_bytes: integer, free_bytes: integer, "
			"percent: number}, disk: {total_bytes?: integer|null, "
			"used_bytes?: integer|null, available_bytes?: integer|null, "
			"used_percent?: number, " FILESYSTEMS_RESULT
			", io: [{name: string, reads: integer, writes: integer, "
			"read_bytes: integer, write_bytes: integer, busy_ms: integer}]}, "
			"network: {rx_bytes: integer, tx_bytes: integer, " INTERFACES_RESULT
			"}, n_processes: integer, processes: {columns: [string], "
			"rows: [[integer|number|string|null]], source: string}, system: {"
			IDENTITY_RESULT
			", platform: string, boot_time: string|null, uptime_seconds: number|null}",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER | TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
