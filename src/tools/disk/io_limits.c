#include "tools/disk/io_limits.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "host/disk_stats.h"
#include "host/pressure.h"

#define LISTED_MAX 20
#define TEXT_BYTES 4096
#define REACHED_PERCENT 80
#define PRESSURE_PERCENT 20
#define MORE_NS (3 * NS_PER_SEC / 2)
#define MORE_TIMES 3

enum io_kind {
	IO_READ_BYTES,
	IO_WRITE_BYTES,
	IO_READS,
	IO_WRITES,
	IO_N_KINDS,
};

struct io_limit {
	char *cgroup;
	uint64_t major, minor;
	enum io_kind kind;
	uint64_t per_s;
	uint64_t before, now; /* what was let through */
	double pressure;      /* percent of ten seconds in which somebody waited; < 0: not known */
	unsigned n_waiting;
	char waiting[PROCESS_COMM_BYTES]; /* one of them */
};

/* How either version writes a kind of limit, and what is held against it. */
static const struct kind_names {
	const char *name, *limit_v2, *counter_v2, *limit_file_v1, *counter_file_v1, *counter_v1;
} kinds[IO_N_KINDS] = {
	[IO_READ_BYTES] = { "read_bytes", "rbps=", "rbytes=", "blkio.throttle.read_bps_device",
			    "blkio.throttle.io_service_bytes", "Read" },
	[IO_WRITE_BYTES] = { "write_bytes", "wbps=", "wbytes=", "blkio.throttle.write_bps_device",
			     "blkio.throttle.io_service_bytes", "Write" },
	[IO_READS] = { "reads", "riops=", "rios=", "blkio.throttle.read_iops_device",
		       "blkio.throttle.io_serviced", "Read" },
	[IO_WRITES] = { "writes", "wiops=", "wios=", "blkio.throttle.write_iops_device",
			"blkio.throttle.io_serviced", "Write" },
};

static bool scan_device(const char **at, uint64_t *major, uint64_t *minor)
{
	return scan_u64(at, major) && scan_text(at, ":") && scan_u64(at, minor);
}

/* The number behind 'key' in a line "8:0 rbps=1048576 wbps=max"; false for "max". */
static bool find_number(struct str line, const char *key, uint64_t *value_out)
{
	const char *at = line.data, *end = line.data + line.len;
	struct str word;

	while (at < end && scan_word(&at, &word)) {
		const char *value = word.data;

		if (word.data < end && scan_text(&value, key))
			return scan_u64(&value, value_out);
	}
	return false;
}

static void add(struct io_limits *limits, const struct io_limit *limit, const char *cgroup)
{
	if (limits->n == IO_LIMITS_MAX) {
		limits->truncated = true;
		return;
	}
	if ((limits->n & (limits->n - 1)) == 0) {
		limits->list = reallocarray(limits->list, limits->n ? limits->n * 2 : 1,
					    sizeof(*limits->list));
		if (!limits->list)
			abort();
	}
	limits->list[limits->n] = *limit;
	limits->list[limits->n].cgroup = strdup(cgroup);
	if (!limits->list[limits->n++].cgroup)
		abort();
}

static void add_v2(const struct host *host, struct io_limits *limits, const char *cgroup)
{
	char text[TEXT_BYTES];
	const char *at = text;
	struct str line;

	if (cgroup_read(host, &limits->tree, cgroup, "io.max", text, sizeof(text)) <= 0)
		return;
	while (scan_line(&at, &line)) {
		const char *start = line.data;
		struct io_limit limit = { 0 };

		if (!scan_device(&start, &limit.major, &limit.minor))
			continue;
		for (limit.kind = 0; limit.kind < IO_N_KINDS; limit.kind++)
			if (find_number(line, kinds[limit.kind].limit_v2, &limit.per_s) &&
			    limit.per_s)
				add(limits, &limit, cgroup);
	}
}

static void add_v1(const struct host *host, struct io_limits *limits, const char *cgroup)
{
	struct io_limit limit = { 0 };

	for (limit.kind = 0; limit.kind < IO_N_KINDS; limit.kind++) {
		char text[TEXT_BYTES];
		const char *at = text;
		struct str line;

		if (cgroup_read(host, &limits->tree, cgroup, kinds[limit.kind].limit_file_v1, text,
				sizeof(text)) <= 0)
			continue;
		while (scan_line(&at, &line)) {
			const char *start = line.data;

			if (scan_device(&start, &limit.major, &limit.minor) &&
			    scan_u64(&start, &limit.per_s) && limit.per_s)
				add(limits, &limit, cgroup);
		}
	}
}

/* "8:0 rbytes=1 wbytes=2 ..." of the device, or "8:0 Write 2" of device and word. */
static uint64_t counter(const struct host *host, const struct cgroup_tree *tree,
			const struct io_limit *limit)
{
	const struct kind_names *kind = &kinds[limit->kind];
	uint64_t major, minor, value;
	char text[TEXT_BYTES];
	const char *at = text;
	struct str line, word;

	if (cgroup_read(host, tree, limit->cgroup,
			tree->version == 2 ? "io.stat" : kind->counter_file_v1, text,
			sizeof(text)) <= 0)
		return 0;
	while (scan_line(&at, &line)) {
		const char *start = line.data;

		if (!scan_device(&start, &major, &minor) || major != limit->major ||
		    minor != limit->minor)
			continue;
		if (tree->version == 2)
			return find_number(line, kind->counter_v2, &value) ? value : 0;
		if (scan_word(&start, &word) && str_is(word, kind->counter_v1) &&
		    scan_u64(&start, &value))
			return value;
	}
	return 0;
}

static void read_sleepers(const struct host *host, struct io_limits *limits)
{
	CLEANUP(process_table) struct process_table table = { 0 };

	if (process_table_read(host, &table) < 0 || !table.n)
		return;
	limits->waiting = calloc(table.n, sizeof(*limits->waiting));
	if (!limits->waiting)
		abort();
	for (size_t i = 0; i < table.n; i++)
		if (table.list[i].state == 'D')
			limits->waiting[limits->n_waiting++] = table.list[i].pid;
}

void io_limits_read(const struct host *host, const struct cgroups *cgroups,
		    struct io_limits *limits_out)
{
	CLEANUP(cgroup_list) struct cgroup_list list = { 0 };
	struct io_limits limits = { .tree = cgroups->trees[CGROUP_IO] };

	cgroup_list_read(host, cgroups, CGROUP_IO, &list);
	limits.truncated = list.truncated;
	for (size_t i = 0; i < list.n; i++) {
		if (limits.tree.version == 2)
			add_v2(host, &limits, list.paths[i]);
		else
			add_v1(host, &limits, list.paths[i]);
	}
	for (size_t i = 0; i < limits.n; i++)
		limits.list[i].before = counter(host, &limits.tree, &limits.list[i]);
	if (limits.n)
		read_sleepers(host, &limits);
	*limits_out = limits;
}

/* With version 1 each cgroup is held to its own limits alone, with version 2 to its parents' too.
 */
static bool holds(const struct io_limits *limits, const struct io_limit *limit, const char *cgroup)
{
	size_t len = strlen(limit->cgroup);

	if (limits->tree.version == 1 || strncmp(cgroup, limit->cgroup, len) != 0)
		return strcmp(cgroup, limit->cgroup) == 0;
	return cgroup[len] == '\0' || cgroup[len] == '/';
}

static bool slept(const struct io_limits *limits, uint32_t pid)
{
	for (size_t i = 0; i < limits->n_waiting; i++)
		if (limits->waiting[i] == pid)
			return true;
	return false;
}

/* Who sleeps now as it did before. */
static void count_waiting(const struct host *host, const struct cgroups *cgroups,
			  const struct process_table *now, struct io_limits *limits)
{
	char pid[16], cgroup[CGROUP_PATH_BYTES];

	for (size_t i = 0; i < now->n; i++) {
		const struct process *process = &now->list[i];

		if (process->state != 'D' || !slept(limits, process->pid))
			continue;
		(void)snprintf(pid, sizeof(pid), "%" PRIu32, process->pid);
		if (!cgroup_path_of(host, cgroups, CGROUP_IO, pid, cgroup))
			continue;
		for (size_t k = 0; k < limits->n; k++)
			if (holds(limits, &limits->list[k], cgroup) && !limits->list[k].n_waiting++)
				text_copy(limits->list[k].waiting, sizeof(limits->list[k].waiting),
					  process->comm);
	}
}

static uint64_t let_through(const struct io_limit *limit)
{
	return limit->now > limit->before ? limit->now - limit->before : 0;
}

static double rate(const struct io_limits *limits, const struct io_limit *limit)
{
	return sample_rate(limit->before, limit->now, limits->elapsed_ns);
}

static double used_percent(const struct io_limits *limits, const struct io_limit *limit)
{
	return rate(limits, limit) * 100 / (double)limit->per_s;
}

static void read_pressures(const struct host *host, struct io_limits *limits)
{
	struct pressure pressure;
	char text[512];

	for (size_t i = 0; i < limits->n; i++) {
		struct io_limit *limit = &limits->list[i];

		limit->pressure = -1;
		if (limits->tree.version == 2 &&
		    cgroup_read(host, &limits->tree, limit->cgroup, "io.pressure", text,
				sizeof(text)) > 0 &&
		    pressure_parse(text, &pressure) && pressure.has_some)
			limit->pressure = pressure.some.avg10;
	}
}

static bool is_waited_for(const struct io_limit *limit)
{
	return limit->n_waiting || limit->pressure >= PRESSURE_PERCENT;
}

/* Whether somebody waits behind a limit, and none of those seems reached. */
static bool is_unclear(const struct io_limits *limits)
{
	bool is_any = false;

	for (size_t i = 0; i < limits->n; i++) {
		if (!is_waited_for(&limits->list[i]))
			continue;
		if (used_percent(limits, &limits->list[i]) >= REACHED_PERCENT)
			return false;
		is_any = true;
	}
	return is_any;
}

static bool is_any_waited_for(const struct io_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		if (is_waited_for(&limits->list[i]))
			return true;
	return false;
}

static void read_counters(const struct host *host, struct io_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		limits->list[i].now = counter(host, &limits->tree, &limits->list[i]);
}

void io_limits_settle(struct task *task, const struct cgroups *cgroups, uint64_t elapsed_ns,
		      const struct process_table *now, struct io_limits *limits)
{
	limits->elapsed_ns = elapsed_ns;
	read_counters(task->host, limits);
	read_pressures(task->host, limits);
	count_waiting(task->host, cgroups, now, limits);
	for (int i = 0; i < MORE_TIMES; i++) {
		if (i ? !is_unclear(limits) : !is_any_waited_for(limits))
			return;
		if (clock_monotonic_ns() + 2 * MORE_NS > task->deadline_ns)
			return;
		limits->elapsed_ns += host_wait(task->host, MORE_NS);
		read_counters(task->host, limits);
	}
}

void io_limits_cleanup(struct io_limits *limits)
{
	for (size_t i = 0; i < limits->n; i++)
		free(limits->list[i].cgroup);
	free(limits->list);
	free(limits->waiting);
}

static json_t *device_json(const struct disk_stats *stats, const struct io_limit *limit)
{
	char numbers[48];

	for (size_t i = 0; i < stats->n; i++)
		if (stats->list[i].major == limit->major && stats->list[i].minor == limit->minor)
			return json_text(stats->list[i].name, strlen(stats->list[i].name));
	(void)snprintf(numbers, sizeof(numbers), "%" PRIu64 ":%" PRIu64, limit->major,
		       limit->minor);
	return json_text(numbers, strlen(numbers));
}

static json_t *limit_json(const struct disk_stats *stats, const struct io_limits *limits,
			  const struct io_limit *limit)
{
	json_t *json = json_object();

	json_put(json, "cgroup", json_text(limit->cgroup, strlen(limit->cgroup)));
	json_put(json, "device", device_json(stats, limit));
	json_put(json, "kind", json_string(kinds[limit->kind].name));
	json_put(json, "limit_per_s", json_count(limit->per_s));
	json_put(json, "rate_per_s", json_figure(rate(limits, limit)));
	json_put(json, "used_percent", json_figure(used_percent(limits, limit)));
	json_put(json, "n_waiting", json_integer(limit->n_waiting));
	json_put(json, "waiting",
		 limit->n_waiting ? json_text(limit->waiting, strlen(limit->waiting))
				  : json_null());
	json_put(json, "pressure_some_avg10",
		 limit->pressure < 0 ? json_null() : json_figure(limit->pressure));
	return json;
}

static int compare_limits(const void *left, const void *right)
{
	const struct io_limit *a = left, *b = right;
	/* Of the same seconds: what share of the limit each used. */
	double x = (double)let_through(a) / (double)a->per_s;
	double y = (double)let_through(b) / (double)b->per_s;
	int order;

	if (!a->n_waiting != !b->n_waiting)
		return a->n_waiting ? -1 : 1;
	if (x < y || x > y)
		return x < y ? 1 : -1;
	order = strcmp(a->cgroup, b->cgroup);
	return order ? order : (int)a->kind - (int)b->kind;
}

json_t *io_limits_json(const struct host *host, const struct io_limits *limits)
{
	CLEANUP(disk_stats) struct disk_stats stats = { 0 };
	json_t *list = json_array();

	if (!limits->n)
		return list;
	if (disk_stats_read(host, &stats) < 0)
		stats.n = 0;
	qsort(limits->list, limits->n, sizeof(*limits->list), compare_limits);
	for (size_t i = 0; i < limits->n && i < LISTED_MAX; i++)
		json_push(list, limit_json(&stats, limits, &limits->list[i]));
	return list;
}
