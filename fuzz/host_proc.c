/* Files of /proc, one parser each: the input's first byte chooses it. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "host/cgroup.h"
#include "host/cpu_stat.h"
#include "host/disk_stats.h"
#include "host/fields.h"
#include "host/identity.h"
#include "host/kernel_log.h"
#include "host/mounts.h"
#include "host/network.h"
#include "host/pressure.h"
#include "host/process.h"
#include "host/process_limits.h"

static void feed_cgroup(char *text)
{
	struct cgroups cgroups = {
		.mode = CGROUP_MODE_HYBRID,
		.trees[CGROUP_MEMORY] = { .version = 1 + strlen(text) % 2, .top = "/docker/abc" },
	};
	char path[CGROUP_PATH_BYTES];

	if (cgroup_path_parse(&cgroups, CGROUP_MEMORY, text, path))
		assert(memchr(path, '\0', sizeof(path)));
	cgroup_name_parse(text, path);
	assert(memchr(path, '\0', sizeof(path)));
}

static void feed_cpu_stat(char *text)
{
	struct cpu_stat stat = { 0 };
	struct error err = { 0 };

	if (cpu_stat_parse(text, &stat, &err) == 0)
		cpu_stat_finish(&stat);
	else
		assert(err.code < 0);
}

static void feed_disk_stats(char *text)
{
	struct disk_stats stats = { 0 };

	disk_stats_parse(text, &stats);
	disk_stats_finish(&stats);
}

static void feed_mounts(char *text)
{
	struct mounts mounts = { 0 };

	mounts_parse(strdup(text), &mounts);
	mounts_finish(&mounts);
}

static void feed_process(char *text)
{
	struct process process = { 0 };

	if (process_parse(text, &process))
		assert(memchr(process.comm, '\0', sizeof(process.comm)));
}

static void feed_limits(char *text)
{
	struct process_limit limit;

	(void)process_limits_parse(text, "Max open files", &limit);
}

static void feed_pressure(char *text)
{
	struct pressure pressure = { 0 };

	if (pressure_parse(text, &pressure))
		assert(pressure.has_some || pressure.has_full);
}

static void feed_sockets(char *text)
{
	struct socket_line socket = { 0 };
	struct unix_line unix_socket = { 0 };

	(void)socket_line_parse(text, &socket);
	if (unix_line_parse(text, &unix_socket))
		assert(unix_socket.path.len <= strlen(text));
}

static void feed_kernel_log(char *text)
{
	json_t *record = kernel_log_parse_record(text);
	json_t *line = kernel_log_parse_line((struct str) { text, strcspn(text, "\n") });

	json_decref(record);
	json_decref(line);
}

static void feed_fields(char *text)
{
	char value[16];

	(void)fields_get(text, "oom_kill", 0);
	if (identity_assignment(text, "ID", value, sizeof(value)))
		assert(memchr(value, '\0', sizeof(value)));
}

static void (*const feeds[])(char *text) = {
	feed_cgroup, feed_cpu_stat, feed_disk_stats, feed_mounts,     feed_process,
	feed_limits, feed_pressure, feed_sockets,    feed_kernel_log, feed_fields,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size == 0)
		return 0;
	text = calloc(size, 1);
	memcpy(text, data + 1, size - 1);
	feeds[(data[0] - 'a') % ARRAY_LEN(feeds)](text);
	free(text);
	return 0;
}
