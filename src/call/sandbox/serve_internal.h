/*
 * The launcher's own process: one loop over its socket, its boxes and the
 * host's mount table. A box is one running job.
 */
#pragma once

#include "call/sandbox/launcher.h"
#include "call/sandbox/plan_internal.h"

struct box {
	bool is_used, has_report, is_killed;
	uint64_t id;
	pid_t pid, broker_pid;
	int pidfd, report_fd;
	enum launch_end end; /* why it was killed, if it was */
	uint64_t start_ns, deadline_ns;
	uint64_t given_up_ns; /* when to answer though something of it cannot die */
	const struct rules *rules;
	unsigned place; /* its index: uid and cgroup leaf go with it */
};

struct serve {
	int fd;
	struct launcher_test test;
	uint32_t walls_optional;
	char host_root[256];
	bool is_privileged;
	int executables[JOB_N];
	int broker_executable;
	gid_t groups[PLAN_MAX_GROUPS];
	size_t n_groups;
	struct box boxes[LAUNCHER_MAX_JOBS];
};

/* Serves records on 'fd' until the peer is gone; never returns. */
_Noreturn void serve_run(int fd, const struct launcher_config *config);

/* The three descriptors stay the caller's. With 'err' set nothing runs. */
void box_start(struct serve *serve, const struct launch_record *record, const int fds[3],
	       struct error *err);

/* Kills it for this reason; the outcome comes when it is gone. */
void box_kill(struct serve *serve, struct box *box, enum launch_end why);

/* Its first process has ended (or cannot): clears up and fills the outcome. */
void box_finish(struct serve *serve, struct box *box, struct launch_outcome *outcome_out);
