/*
 * The programs that run: what a tool needs to find a daemon by its name.
 *
 * Only what every user may read about every process; kernel threads are left
 * out. A process that ends while the list is made is not in it.
 */
#pragma once

#include "host/host.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define PROGRAM_RESULT "{pid: integer, comm: string, cmdline: string, uid: integer, age_s: integer}"

#define PROGRAM_COMM_BYTES 24
#define PROGRAM_CMDLINE_BYTES 320
#define PROGRAMS_MAX 8192

struct program {
	pid_t pid, ppid;
	uid_t uid; /* effective */
	gid_t gid;
	char state; /* as in /proc/PID/stat: R S D Z T */
	uint64_t age_s;
	char comm[PROGRAM_COMM_BYTES];
	char cmdline[PROGRAM_CMDLINE_BYTES]; /* arguments with blanks between; "" if none */
};

struct programs {
	struct program *list; /* by pid */
	size_t n;
	bool truncated; /* more than PROGRAMS_MAX */
};

int programs_load(const struct host *host, struct programs *programs_out) MUST_CHECK;
void programs_cleanup(struct programs *programs);

const struct program *programs_find_pid(const struct programs *programs, pid_t pid);

/*
 * The next program after 'previous' (NULL: the first) whose name is 'name': its
 * comm (cut to 15 bytes as the kernel does), or the last component of its first
 * argument, also in titles such as "nginx: master process". NULL after the last.
 */
const struct program *programs_next(const struct programs *programs, const char *name,
				    const struct program *previous);

/* {pid, comm, cmdline, uid, age_s}: how programs look in results. */
json_t *program_json(const struct program *program);
