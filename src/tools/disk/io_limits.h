/*
 * I/O limits of cgroups (io.max; blkio.throttle.* of version 1): how much of them is used, and
 * which of their processes wait. A limit that is not reached holds nobody up.
 *
 * A throttled process waits in uninterruptible sleep while the disk is idle, and the kernel counts
 * no such wait: so a limit counts as reached by the rate itself. Requests are large and let through
 * one at a time, therefore a short sample says little about a low limit, for or against it; where
 * somebody waits, io_limits_settle() looks longer.
 */
#pragma once

#include "host/cgroup.h"
#include "host/process.h"
#include "tools/sample.h"

#define IO_LIMITS_MAX 1024

struct io_limit;

struct io_limits {
	struct io_limit *list; /* one for each cgroup, device and kind of limit */
	size_t n;
	bool truncated;
	struct cgroup_tree tree;
	uint64_t elapsed_ns;
	uint32_t *waiting; /* processes in uninterruptible sleep at the first reading */
	size_t n_waiting;
};

/* The limits there are, the counters they are held against, and who sleeps. */
void io_limits_read(const struct host *host, const struct cgroups *cgroups,
		    struct io_limits *limits_out);

/* After 'elapsed_ns', with the processes as they are then; where somebody waits it takes a second
 * and a half more, and up to three times that where no limit seems reached. */
void io_limits_settle(struct task *task, const struct cgroups *cgroups, uint64_t elapsed_ns,
		      const struct process_table *now, struct io_limits *limits);
void io_limits_cleanup(struct io_limits *limits);

/*
 * [{cgroup, device, kind, limit_per_s, rate_per_s, used_percent, n_waiting, waiting,
 * pressure_some_avg10}]: who waits first, at most 20. kind: read_bytes write_bytes reads writes;
 * 'waiting' is the name of one that does, or null; the pressure is null with version 1.
 */
json_t *io_limits_json(const struct host *host, const struct io_limits *limits);
