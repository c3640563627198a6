/*
 * The launcher's own process: one loop over its socket, its boxes and the
 * host's mount table. A box is one running job.
 */
#pragma once

#include "call/sandbox/launcher.h"
#include "call/sandbox/assembler_internal.h"
#include "call/sandbox/cgroup_internal.h"
#include "call/sandbox/helper_internal.h"
#include "call/sandbox/plan_internal.h"
#include "call/sandbox/processes_internal.h"
#include "call/sandbox/stewardship_internal.h"
#include "call/sandbox/tree_internal.h"
#include "call/sandbox/walls_internal.h"

struct box {
	bool is_used, is_killed;
	bool is_waiting; /* for its job: see standby_internal.h */
	bool was_waiting;
	bool has_init;    /* a first process of ours, which outlives the job */
	bool is_answered; /* its job is gone, its first process is going: see box_end_early() */
	uint64_t id;
	pid_t pid, broker_pid;
	int pidfd, report_fd;
	struct report reports[MAX_REPORTS];
	int n_reports;                  /* -1: not read yet */
	uint64_t broker_cpu_ns;         /* once it is gone */
	int order_fd;                   /* where it waits for its job, or -1 */
	int broker_fd;                  /* where its first question comes, or -1: few jobs ask */
	enum launch_end end;            /* why it was killed, if it was */
	uint64_t start_ns, deadline_ns; /* while it waits: when it is given up */
	uint64_t given_up_ns;           /* when to answer though something of it cannot die */
	const struct rules *rules;
	unsigned place;    /* its index: uid and cgroup leaf go with it */
	struct leaf *leaf; /* NULL: none */
};

/* Built when first needed. */
struct filter {
	bool is_built;
	struct assembler code;
	struct sock_fprog program;
};

/* What the next sandbox is raised for, before anybody asks. */
struct standby {
	bool has_kind, is_wanted;
	struct launch_record kind;
	unsigned n_passed_over; /* requests for others since the last for its kind */
};

#define FILTER_BROKER PROFILE_N
#define FILTER_UNIX (PROFILE_N + 1) /* probe, with unix sockets */
#define FILTER_LOADER (PROFILE_N + 2)
#define FILTER_STEWARD (PROFILE_N + 3)
#define FILTER_PROBER (PROFILE_N + 4)
#define N_FILTERS (PROFILE_N + 5)

#define TREE_PLAIN TARGET_N /* the tree without a target's sockets */
#define N_TREES (TARGET_N + 1)

/* A page of it that is written after a start is copied, for the sandbox shares it: so what is
 * written when a job comes lies where the start itself wrote. */
struct serve {
	_Alignas(4096) struct standby standby;
	struct box boxes[LAUNCHER_MAX_JOBS];
	int fd;
	int pidfd; /* our own: by it a child sees that we are gone */
	struct launcher_test test;
	uint32_t walls_optional;
	char host_root[256];
	const char *const *roots[LAUNCHER_MAX_ROOT_SETS]; /* NULL: everything */
	unsigned n_root_sets;
	const char *const *namespaces;
	struct powers powers;
	int executables[JOB_N];
	int helper_executables[HELPER_N];
	gid_t groups[PLAN_MAX_GROUPS];
	size_t n_groups;
	struct processes processes;
	struct launcher_programs programs;
	struct stewardship stewardship;
	const char *executables_dir;
	struct cgroups cgroups;
	struct leaf leaves[LAUNCHER_MAX_JOBS];
	bool has_leaf[LAUNCHER_MAX_JOBS];
	struct filter filters[N_FILTERS];
	struct tree trees[N_TREES];
	int mount_table; /* /proc/self/mountinfo: an exceptional condition is a change */
};

/* Serves records on 'fd' until the peer is gone; never returns. */
_Noreturn void serve_run(int fd, const struct launcher_config *config);

/*
 * What the launcher had of its parent is let go: its secrets, and all descriptors but standard ones
 * and 'fd'. It takes a name and is the reaper of what jobs leave.
 */
void serve_forget_parent(int fd);

/* The three descriptors stay the caller's. With 'err' set nothing runs. */
void start_box(struct serve *serve, const struct launch_record *record, const int fds[3],
	       struct error *err);

/* The job has asked the first question, which the broker finds. */
void start_broker(struct serve *serve, struct box *box);

/* Raises a sandbox for such a job, which then waits for it; fails in silence. */
void start_waiting(struct serve *serve, const struct launch_record *kind);

/* Lets go of the warm trees: the host's mounts have changed. */
void start_forget_trees(struct serve *serve);

/* Kills it for this reason; the outcome comes when it is gone. */
void box_kill(struct serve *serve, struct box *box, enum launch_end why);

/*
 * Its first process has told its last. To see that one end need nobody await who waits for the
 * job, if nothing of the job is left: both the process, which would be the parent of it, and the
 * control group must say so. True with the outcome; the box stays until the process is gone.
 */
bool box_end_early(struct box *box, struct launch_outcome *outcome_out);

/* Its first process is not needed any more; with it goes what else it has. */
void box_dismiss(const struct box *box);

/* Its first process has ended (or cannot): clears up and fills the outcome. */
void box_finish(struct serve *serve, struct box *box, struct launch_outcome *outcome_out);

/* All that there are: killed, and finished as far as that is possible within seconds. */
void boxes_end(struct serve *serve);
