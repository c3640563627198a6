#include "call/sandbox/cgroup_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"
#include "call/sandbox/cgroup_files_internal.h"
#include "call/sandbox/kernel_internal.h"

#define CPU_PERIOD_US 100000
#define REMOVE_TRIES 100

/* The sandbox's own: its first process, and the broker. */
#define EXTRA_PROCESSES 3

static int open_directories(struct leaf *leaf, struct cgroups *cgroups)
{
	for (unsigned kind = 0; kind < CGROUP_N; kind++) {
		int base = cgroups->bases[kind];

		if (base < 0)
			continue;
		if (mkdirat(base, leaf->name, 0755) < 0 && errno != EEXIST)
			return -errno;
		leaf->directories[kind] =
			openat(base, leaf->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* Into "tasks" a process of one thread may write itself without the lock
		 * that "cgroup.procs" takes: that waits for RCU, 10 ms on a busy host. */
		leaf->procs[kind] = openat(
			leaf->directories[kind], kind == CGROUP_UNIFIED ? "cgroup.procs" : "tasks",
			(kind == CGROUP_UNIFIED ? O_RDWR : O_WRONLY) | O_CLOEXEC);
		if (leaf->procs[kind] < 0)
			return -errno;
	}
	return 0;
}

static bool find_controller(const struct leaf *leaf, enum cgroup_kind v1, const char *v1_file,
			    const char *v2_file, enum cgroup_kind *kind_out)
{
	int v1_directory = leaf->directories[v1];
	int v2_directory = leaf->directories[CGROUP_UNIFIED];

	*kind_out = v1_directory >= 0 ? v1 : CGROUP_UNIFIED;
	if (v1_directory >= 0)
		return faccessat(v1_directory, v1_file, W_OK, 0) == 0;
	return v2_directory >= 0 && faccessat(v2_directory, v2_file, W_OK, 0) == 0;
}

static void open_counters(struct leaf *leaf)
{
	int directory = leaf->directories[leaf->memory_kind];
	bool is_v2 = leaf->memory_kind == CGROUP_UNIFIED;

	leaf->usage_fd = openat(directory, is_v2 ? "memory.current" : "memory.usage_in_bytes",
				O_RDONLY | O_CLOEXEC);
	leaf->peak_fd = openat(directory, is_v2 ? "memory.peak" : "memory.max_usage_in_bytes",
			       O_RDWR | O_CLOEXEC);
	if (leaf->peak_fd < 0)
		leaf->peak_fd = openat(directory, "memory.peak", O_RDONLY | O_CLOEXEC);
	leaf->oom_fd = openat(directory, is_v2 ? "memory.events" : "memory.oom_control",
			      O_RDONLY | O_CLOEXEC);
}

int leaf_open(struct leaf *leaf, struct cgroups *cgroups, unsigned number)
{
	int r;

	*leaf = (struct leaf) { .usage_fd = -1, .peak_fd = -1, .oom_fd = -1 };
	(void)snprintf(leaf->name, sizeof(leaf->name), "%u", number);
	for (unsigned kind = 0; kind < CGROUP_N; kind++)
		leaf->directories[kind] = leaf->procs[kind] = -1;
	r = open_directories(leaf, cgroups);
	if (r < 0)
		return r;
	leaf->has_memory = find_controller(leaf, CGROUP_MEMORY, "memory.limit_in_bytes",
					   "memory.max", &leaf->memory_kind);
	leaf->has_pids =
		find_controller(leaf, CGROUP_PIDS, "pids.max", "pids.max", &leaf->pids_kind);
	leaf->has_cpu =
		find_controller(leaf, CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max", &leaf->cpu_kind);
	if (leaf->has_memory)
		open_counters(leaf);
	return leaf->has_memory && leaf->has_pids && leaf->has_cpu ? 0 : -EOPNOTSUPP;
}

void leaf_close(struct leaf *leaf, struct cgroups *cgroups)
{
	struct timespec pause = { .tv_nsec = NS_PER_MS };

	fd_close(&leaf->usage_fd);
	fd_close(&leaf->peak_fd);
	fd_close(&leaf->oom_fd);
	for (unsigned kind = 0; kind < CGROUP_N; kind++) {
		fd_close(&leaf->procs[kind]);
		if (leaf->directories[kind] < 0)
			continue;
		fd_close(&leaf->directories[kind]);
		for (int i = 0; i < REMOVE_TRIES; i++) {
			if (unlinkat(cgroups->bases[kind], leaf->name, AT_REMOVEDIR) == 0 ||
			    errno != EBUSY)
				break;
			nanosleep(&pause, NULL);
		}
	}
}

/* --- limits ------------------------------------------------------------------------------ */

static int limit_memory(const struct leaf *leaf, uint64_t bytes)
{
	int directory = leaf->directories[leaf->memory_kind];
	int r;

	if (leaf->memory_kind == CGROUP_UNIFIED) {
		(void)cgroup_file_write(directory, "memory.swap.max", "0");
		(void)cgroup_file_write(directory, "memory.oom.group", "1");
		return cgroup_file_write_u64(directory, "memory.max", bytes);
	}
	/* memory+swap may never be below memory: out of the way, then equal. */
	(void)cgroup_file_write(directory, "memory.memsw.limit_in_bytes", "-1");
	r = cgroup_file_write_u64(directory, "memory.limit_in_bytes", bytes);
	if (r == 0)
		(void)cgroup_file_write_u64(directory, "memory.memsw.limit_in_bytes", bytes);
	return r;
}

static int limit_cpu(const struct leaf *leaf, uint32_t permille)
{
	int directory = leaf->directories[leaf->cpu_kind];
	uint64_t quota = (uint64_t)permille * CPU_PERIOD_US / 1000;
	char text[48];

	if (leaf->cpu_kind != CGROUP_UNIFIED)
		return cgroup_file_write_u64(directory, "cpu.cfs_quota_us", quota);
	(void)snprintf(text, sizeof(text), "%" PRIu64 " %d", quota, CPU_PERIOD_US);
	return cgroup_file_write(directory, "cpu.max", text);
}

int leaf_set_limits(struct leaf *leaf, const struct sandbox_limits *limits)
{
	int r = 0;

	if (memcmp(&leaf->limits, limits, sizeof(*limits)) == 0)
		return 0;
	if (leaf->has_memory && leaf->limits.memory_bytes != limits->memory_bytes)
		r = limit_memory(leaf, limits->memory_bytes);
	if (r == 0 && leaf->has_cpu && leaf->limits.cpu_permille != limits->cpu_permille)
		r = limit_cpu(leaf, limits->cpu_permille);
	if (r == 0 && leaf->has_pids && leaf->limits.n_processes != limits->n_processes)
		r = cgroup_file_write_u64(leaf->directories[leaf->pids_kind], "pids.max",
					  limits->n_processes + EXTRA_PROCESSES);
	if (r == 0)
		leaf->limits = *limits;
	return r;
}

/* --- counters ------------------------------------------------------------------------------ */

static uint64_t read_number(int fd)
{
	char text[32];
	const char *at = text;
	uint64_t value = 0;
	ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (got <= 0)
		return 0;
	text[got] = '\0';
	return scan_u64(&at, &value) ? value : 0;
}

static uint64_t read_oom_kills(int fd)
{
	char text[512];
	const char *at;
	uint64_t value = 0;
	ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (got <= 0)
		return 0;
	text[got] = '\0';
	at = strstr(text, "\noom_kill "); /* never the first line of either version */
	if (!at)
		return 0;
	at += strlen("\noom_kill ");
	return scan_u64(&at, &value) ? value : 0;
}

int leaf_prepare(struct leaf *leaf, const struct sandbox_limits *limits)
{
	int r = leaf_set_limits(leaf, limits);

	if (r < 0)
		return r;
	/* v2 before 6.12 cannot be reset: then the peak is that of every run so far. */
	if (leaf->peak_fd >= 0)
		(void)!pwrite(leaf->peak_fd, "0", 1, 0);
	leaf->usage_before = read_number(leaf->usage_fd);
	leaf->oom_before = read_oom_kills(leaf->oom_fd);
	return 0;
}

/* Page cache of earlier runs is still charged to the leaf: only the rise counts. */
uint64_t leaf_peak_bytes(const struct leaf *leaf)
{
	uint64_t peak = read_number(leaf->peak_fd);

	return peak > leaf->usage_before ? peak - leaf->usage_before : 0;
}

bool leaf_ran_out_of_memory(const struct leaf *leaf)
{
	return read_oom_kills(leaf->oom_fd) > leaf->oom_before;
}

/* --- the end -------------------------------------------------------------------------------- */

/* Its beginning; how much that is, or negative. */
static ssize_t list_members(const struct leaf *leaf, char *text, size_t size)
{
	unsigned kind = CGROUP_UNIFIED;
	ssize_t got = 0;

	if (leaf->procs[kind] >= 0) {
		got = pread(leaf->procs[kind], text, size - 1, 0);
	} else {
		/* Opened each time: version 1 remembers the list that an open file began. */
		while (++kind < CGROUP_N && leaf->directories[kind] < 0)
			;
		if (kind < CGROUP_N)
			got = cgroup_file_read(leaf->directories[kind], "cgroup.procs", text, size);
	}
	if (got >= 0)
		text[got] = '\0';
	return got;
}

bool leaf_is_empty(const struct leaf *leaf)
{
	char text[16];

	return list_members(leaf, text, sizeof(text)) == 0;
}

bool leaf_has_none_but(const struct leaf *leaf, pid_t pid)
{
	char text[32];
	const char *at = text;
	uint64_t member;
	ssize_t got = list_members(leaf, text, sizeof(text));

	return got == 0 || (got > 0 && scan_u64(&at, &member) && member == (uint64_t)pid &&
			    strcmp(at, "\n") == 0);
}

bool leaf_kill(struct leaf *leaf, const struct cgroups *cgroups)
{
	int unified = leaf->directories[CGROUP_UNIFIED];
	unsigned left = 0;

	/* First, so that a fork bomb cannot outrun the killing one by one. */
	if (leaf->has_pids) {
		(void)cgroup_file_write(leaf->directories[leaf->pids_kind], "pids.max", "0");
		leaf->limits.n_processes = 0;
	}
	/*
	 * Only where forks cannot be stopped: Linux 6.18 compares the kill count of the leaf with
	 * that of the cloning process, and so kills at birth whatever CLONE_INTO_CGROUP puts into
	 * a leaf that was killed once.
	 */
	else if (unified >= 0 && !(cgroups->features_off & FEATURE_CGROUP_KILL))
		(void)cgroup_file_write(unified, "cgroup.kill", "1");
	for (unsigned kind = 0; kind < CGROUP_N; kind++)
		left += cgroup_kill_all(leaf->directories[kind]);
	return left == 0;
}

void leaf_release(struct leaf *leaf, const struct cgroups *cgroups)
{
	for (unsigned kind = 0; kind < CGROUP_N; kind++)
		if (leaf->directories[kind] >= 0)
			cgroup_move_all(leaf->directories[kind], cgroups->roots[kind]);
}
