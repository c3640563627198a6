/*
 * Control groups: limits of a job's whole tree of processes, and a way to kill
 * all of it.
 *
 * With LAUNCHER_OWN_GROUP "below" means below the group that this process was
 * started in, which a service manager has handed over (Delegate=) and removes
 * with all that is in it.
 *
 * Works with version 1, version 2, and the hybrid of both (limits in v1
 * hierarchies, killing by v2). Below each used hierarchy lies
 * constable/launcher-PID-START/LEAF; a launcher that finds such a directory of a
 * dead one kills and removes what is left. Leaves are kept and used again:
 * making and removing them would cost more than the job.
 */
#pragma once

#include "base/error.h"
#include "call/sandbox/launcher.h"

enum cgroup_kind {
	CGROUP_UNIFIED, /* version 2, with or without controllers */
	CGROUP_MEMORY,  /* version 1 hierarchies */
	CGROUP_PIDS,
	CGROUP_CPU,
	CGROUP_N,
};

struct cgroups {
	int roots[CGROUP_N]; /* the hierarchy's mount, -1: not there */
	int tops[CGROUP_N];  /* where ours is made: that, or the group we are in */
	int bases[CGROUP_N]; /* our launcher's directory in it */
	char name[64];
	uint32_t features_off;
};

struct leaf {
	char name[16];
	int directories[CGROUP_N]; /* -1 where there is none */
	int procs[CGROUP_N];       /* the file to join by */
	int usage_fd, peak_fd, oom_fd;
	enum cgroup_kind memory_kind, pids_kind, cpu_kind;
	bool has_memory, has_pids, has_cpu;
	struct sandbox_limits limits; /* those set at present */
	uint64_t usage_before, oom_before;
};

/* Finds the hierarchies, sweeps what dead launchers left, makes ours. Never
 * fails: where there is none, leaf_open() says so. */
void cgroups_open(struct cgroups *cgroups, uint32_t features_off, enum launcher_group group);
void cgroups_close(struct cgroups *cgroups);

/* The group of that hierarchy that this process is in; of version 2 it leaves it for a
 * child of it, with all that is beside it. A descriptor or -1. */
int cgroup_open_own(int root, enum cgroup_kind kind) MUST_CHECK;

/* 0, or negative where memory, processes and CPU cannot all be limited. */
int leaf_open(struct leaf *leaf, struct cgroups *cgroups, unsigned number) MUST_CHECK;
void leaf_close(struct leaf *leaf, struct cgroups *cgroups);

/* Sets limits and takes the counters' values before a run. 0 or a negative errno. */
int leaf_prepare(struct leaf *leaf, const struct sandbox_limits *limits) MUST_CHECK;

/* Sets other limits for what is in it already. 0 or a negative errno. */
int leaf_set_limits(struct leaf *leaf, const struct sandbox_limits *limits) MUST_CHECK;

bool leaf_is_empty(const struct leaf *leaf);

/* Empty, or with this process alone. */
bool leaf_has_none_but(const struct leaf *leaf, pid_t pid);

/* Kills what is in it; returns true once it is empty. */
bool leaf_kill(struct leaf *leaf, const struct cgroups *cgroups);

/* Moves what is in it to the hierarchies' roots: it shall outlive the job. */
void leaf_release(struct leaf *leaf, const struct cgroups *cgroups);

uint64_t leaf_peak_bytes(const struct leaf *leaf);
bool leaf_ran_out_of_memory(const struct leaf *leaf);
