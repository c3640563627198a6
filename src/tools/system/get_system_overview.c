/* get_system_overview: which machine this is. */
#include <errno.h>

#include "base/clock.h"
#include "host/cgroup.h"
#include "host/cpu_stat.h"
#include "host/fields.h"
#include "host/identity.h"
#include "tools/catalogue.h"

static void put_times(const struct host *host, uint64_t boot_time_s, json_t *result)
{
	char text[64], when[CLOCK_TEXT_BYTES];
	const char *at = text;
	double uptime;
	ssize_t len = host_read(host, "proc/uptime", text, sizeof(text));

	if (len > 0 && scan_double(&at, &uptime)) {
		json_put(result, "uptime_s", json_figure(uptime));
	} else {
		json_put(result, "uptime_s", json_null());
		tool_unread(result, "/proc/uptime", len < 0 ? (int)len : -EBADMSG);
	}
	json_put(result, "boot_time",
		 boot_time_s ? json_string(clock_format(boot_time_s * NS_PER_SEC, when))
			     : json_null());
}

static void put_sizes(const struct host *host, json_t *result)
{
	CLEANUP(cpu_stat) struct cpu_stat stat = { 0 };
	struct error err = { 0 };
	uint64_t kib = UINT64_MAX;
	char text[4096];
	ssize_t len = host_read(host, "proc/meminfo", text, sizeof(text));

	if (cpu_stat_read(host, &stat, &err) < 0)
		tool_unread(result, "/proc/stat", err.code);
	json_put(result, "n_cpus",
		 stat.n_cpus ? json_integer((json_int_t)stat.n_cpus) : json_null());
	if (len > 0)
		kib = fields_get(text, "MemTotal", UINT64_MAX);
	else
		tool_unread(result, "/proc/meminfo", (int)len);
	json_put(result, "memory_bytes",
		 json_count(kib > UINT64_MAX / KIB ? UINT64_MAX : kib * KIB));
	put_times(host, stat.boot_time_s, result);
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result,
	       struct error *err UNUSED)
{
	const struct host *host = task->host;
	char cpuinfo[IDENTITY_CPUINFO_BYTES];
	struct cgroups cgroups;

	cgroups_find(host, &cgroups);
	identity_read_cpuinfo(host, cpuinfo);
	identity_put(host, cpuinfo, result);
	put_sizes(host, result);
	json_put(result, "cgroup_version", json_string(cgroup_mode_name(cgroups.mode)));
	return 0;
}

const struct tool tool_get_system_overview = {
	.info = {
		.name = "get_system_overview",
		.summary = "Which machine this is: name, distribution, kernel, architecture, uptime, "
			   "virtualisation, init system, processors, memory.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = IDENTITY_RESULT
			", uptime_s: number|null, boot_time: string|null, n_cpus: integer|null, "
			"memory_bytes: integer|null, cgroup_version: string",
		.risk = TOOL_READS,
	},
	.run = run,
};
