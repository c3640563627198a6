/* get_memory: how much memory is left, on the machine and under each limit. */
#include <string.h>

#include "host/fields.h"
#include "host/pressure.h"
#include "tools/catalogue.h"
#include "tools/memory/cgroup_memory.h"
#include "tools/process/top.h"
#include "tools/sample.h"

#define MEMINFO_BYTES 8192
#define VMSTAT_BYTES (32 * KIB)

/* One of /proc/meminfo's members, which are in KiB. */
static json_t *kib(const char *meminfo, const char *key)
{
	uint64_t value = fields_get(meminfo, key, UINT64_MAX);

	return json_count(value > UINT64_MAX / KIB ? UINT64_MAX : value * KIB);
}

static void put_meminfo(json_t *result, const char *text)
{
	static const char *const members[][2] = {
		{ "total_bytes", "MemTotal" },
		{ "available_bytes", "MemAvailable" },
		{ "free_bytes", "MemFree" },
		{ "cached_bytes", "Cached" },
		{ "buffers_bytes", "Buffers" },
		{ "shared_bytes", "Shmem" },
		{ "anonymous_bytes", "AnonPages" },
		{ "dirty_bytes", "Dirty" },
		{ "writeback_bytes", "Writeback" },
		{ "slab_bytes", "Slab" },
		{ "slab_unreclaimable_bytes", "SUnreclaim" },
		{ "page_tables_bytes", "PageTables" },
		{ "locked_bytes", "Mlocked" },
		{ "committed_bytes", "Committed_AS" },
		{ "commit_limit_bytes", "CommitLimit" },
	};

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_put(result, members[i][0], kib(text, members[i][1]));
	json_put(result, "huge_pages",
		 json_pack("{s:o, s:o, s:o}", "total",
			   json_count(fields_get(text, "HugePages_Total", 0)), "free",
			   json_count(fields_get(text, "HugePages_Free", 0)), "page_bytes",
			   kib(text, "Hugepagesize")));
}

/* Before 3.14 the kernel does not say what is available; this is what free(1) estimated. */
static uint64_t available_kib(const char *text)
{
	uint64_t value = fields_get(text, "MemAvailable", UINT64_MAX);

	if (value != UINT64_MAX)
		return value;
	return fields_get(text, "MemFree", 0) + fields_get(text, "Cached", 0) +
	       fields_get(text, "Buffers", 0);
}

static void put_available(json_t *result, const char *text)
{
	uint64_t available = available_kib(text);

	json_put(result, "available_bytes",
		 json_count(available > UINT64_MAX / KIB ? UINT64_MAX : available * KIB));
	json_put(result, "available_percent",
		 json_figure(sample_percent(available, fields_get(text, "MemTotal", 0))));
}

static void put_rates(json_t *result, const char *meminfo, const char *before, const char *after,
		      uint64_t elapsed_ns)
{
	json_t *swap = json_object();

	json_put(swap, "total_bytes", kib(meminfo, "SwapTotal"));
	json_put(swap, "free_bytes", kib(meminfo, "SwapFree"));
	/* In pages. */
	json_put(swap, "in_per_s",
		 sample_rate_json(fields_get(before, "pswpin", 0), fields_get(after, "pswpin", 0),
				  elapsed_ns));
	json_put(swap, "out_per_s",
		 sample_rate_json(fields_get(before, "pswpout", 0), fields_get(after, "pswpout", 0),
				  elapsed_ns));
	json_put(result, "swap", swap);
	json_put(result, "major_faults_per_s",
		 sample_rate_json(fields_get(before, "pgmajfault", 0),
				  fields_get(after, "pgmajfault", 0), elapsed_ns));
	json_put(result, "oom_kills_total", json_count(fields_get(after, "oom_kill", UINT64_MAX)));
	json_put(result, "oom_kills_in_sample",
		 json_integer((json_int_t)(fields_get(after, "oom_kill", 0) -
					   fields_get(before, "oom_kill", 0))));
}

/* A missing vmstat costs the rates, not the answer. */
static void read_vmstat(const struct host *host, char *text, json_t *result)
{
	ssize_t len = host_read(host, "proc/vmstat", text, VMSTAT_BYTES);

	if (len >= 0)
		return;
	text[0] = '\0';
	tool_unread(result, "/proc/vmstat", (int)len);
}

static void put_top(const struct host *host, json_t *result)
{
	CLEANUP(process_table) struct process_table table = { 0 };
	int r = process_table_read(host, &table);

	if (r < 0)
		tool_unread(result, "/proc", r);
	json_put(result, "top", top_by_memory(&table));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	char meminfo[MEMINFO_BYTES], before[VMSTAT_BYTES], after[VMSTAT_BYTES];
	CLEANUP(cgroup_memory) struct cgroup_memory first = { 0 };
	CLEANUP(cgroup_memory) struct cgroup_memory second = { 0 };
	struct cgroup_memory_sample sample = { .before = &first, .after = &second };
	struct cgroups cgroups;
	ssize_t len;

	cgroups_find(task->host, &cgroups);
	cgroup_memory_read(task->host, &cgroups, &first);
	read_vmstat(task->host, before, result);
	sample.elapsed_ns = sample_wait(task, args);
	read_vmstat(task->host, after, result);
	cgroup_memory_read(task->host, &cgroups, &second);
	len = host_read(task->host, "proc/meminfo", meminfo, sizeof(meminfo));
	if (len < 0)
		return error_set(err, (int)len, "read /proc/meminfo: %s",
				 strerrordesc_np(-(int)len));

	put_meminfo(result, meminfo);
	put_available(result, meminfo);
	put_rates(result, meminfo, before, after, sample.elapsed_ns);
	json_put(result, "pressure", pressure_json(task->host, "proc/pressure/memory"));
	cgroup_memory_put(task->host, &cgroups, &sample, result);
	put_top(task->host, result);
	return 0;
}

#define CGROUP_MEMORY                                                            \
	"cgroup: string, limit_bytes: integer|null, usage_bytes: integer|null, " \
	"working_set_bytes: integer|null, used_percent: number, "                \
	"oom_kills: integer|null, max_events: integer|null"

const struct tool tool_get_memory = {
	.info = {
		.name = "get_memory",
		.summary = "Memory and swap of the machine and under each cgroup limit, paging, "
			   "pressure, OOM kills, and the largest processes.",
		.schema = "{\"type\":\"object\",\"properties\":{" SAMPLE_SCHEMA "},"
			  "\"additionalProperties\":false}",
		.result = "total_bytes: integer|null, available_bytes: integer|null, "
			"free_bytes: integer|null, cached_bytes: integer|null, "
			"buffers_bytes: integer|null, shared_bytes: integer|null, "
			"anonymous_bytes: integer|null, dirty_bytes: integer|null, "
			"writeback_bytes: integer|null, slab_bytes: integer|null, "
			"slab_unreclaimable_bytes: integer|null, page_tables_bytes: integer|null, "
			"locked_bytes: integer|null, committed_bytes: integer|null, "
			"commit_limit_bytes: integer|null, huge_pages: {total: integer, "
			"free: integer, page_bytes: integer|null}, available_percent: number, "
			"swap: {total_bytes: integer|null, free_bytes: integer|null, "
			"in_per_s: number, out_per_s: number}, major_faults_per_s: number, "
			"oom_kills_total: integer|null, oom_kills_in_sample: integer, pressure: "
			PRESSURE_RESULT ", limit: {" CGROUP_MEMORY
			", failcnt: integer|null}|null, cgroups: [{" CGROUP_MEMORY
			", max_events_per_s?: number, refaults_per_s?: number}], top: [{pid: integer, comm: string, rss_bytes: integer|null}]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_PROCESSES,
	},
	.run = run,
};
