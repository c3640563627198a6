/*
 * How a job reads all processes at once: from a descriptor which the kernel answers by a program
 * (bpf/processes.bpf.c) that constable-loader put there. The job may read it to its end and nothing
 * else; what it shows /proc shows as well.
 *
 * Loading costs as much as several jobs save. So it is begun by the PROCESSES_WORTH_JOBS-th job of
 * a launcher that lists processes, no job waits for it, and where it fails all read /proc, for
 * good.
 */
#pragma once

#include "base/base.h"

#define PROCESSES_WORTH_JOBS 12

struct serve;

struct processes {
	bool is_forbidden; /* by the host's policy */
	unsigned n_jobs;
	pid_t loader;         /* while it loads, else 0 */
	int answer_fd;        /* then: where its link comes */
	uint64_t deadline_ns; /* then */
	int link_fd;          /* the program's, or -1 */
};

/* A descriptor for one job, or -1: it reads /proc. Counts the job. */
int processes_open(struct serve *serve);

/* The loader has answered or ended, or passed its deadline. */
void processes_take(struct serve *serve);
