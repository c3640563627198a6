/*
 * The launcher: the warden's first fork, and the only process that makes
 * namespaces, mounts and cgroups.
 *
 * It accepts decided, typed records of fixed size over a SOCK_SEQPACKET pair,
 * three descriptors with each (input, output, error of the job), and answers
 * each with exactly one outcome when the job and everything it left behind are
 * gone (the sandbox's own first process may still be on its way out). Nothing in a record is a path
 *or a flag of the wire: names of executables, profiles and tools index compiled tables. When its
 *peer closes or dies it kills what runs, removes what it made and ends.
 *
 * A job is started as
 *	constable-job TOOL --deadline-ms N [--broker FD] [--processes FD] [--root DIR] [--progress]
 * with a built environment. A job with 'needs_bus' finds in CONSTABLE_BUS_FD the
 * number of a descriptor that is connected to the system bus (as the user
 * nobody, before any byte is sent), for sd_bus_set_fd(); without the variable
 * there is no bus. Its network namespace is empty (save in 'probe' and 'full'),
 * so the host's own view is /proc/1/net, not /proc/net.
 */
#pragma once

#include "base/error.h"
#include "call/sandbox/launcher_programs.h"
#include "call/sandbox/profile.h"

#define LAUNCH_TOOL_BYTES 64
#define LAUNCHER_MAX_JOBS 24 /* at a time; more are refused */
#define LAUNCHER_MAX_ROOT_SETS 17

enum launch_kind {
	LAUNCH_RUN,     /* start a job; three descriptors follow */
	LAUNCH_CANCEL,  /* kill a running job */
	LAUNCH_CONTACT, /* for the steward: the server answered what was asked at 'id' ns */
};

/* Whether a job with 'needs_broker' asks the steward of signed programs in its place. */
enum launch_steward {
	LAUNCH_NO_STEWARD,
	LAUNCH_STEWARD_READS, /* and only what is there */
	LAUNCH_STEWARD_CHANGES,
};

struct launch_record {
	uint32_t kind;
	uint32_t profile;    /* enum sandbox_profile */
	uint32_t executable; /* enum job_executable */
	uint32_t needs_broker;
	uint64_t id;
	char tool[LAUNCH_TOOL_BYTES]; /* argv[1] of the job: [a-z0-9_]+ */
	struct sandbox_limits limits;
	uint32_t needs_bus;
	uint32_t target; /* enum sandbox_target, for PROFILE_PROBE */
	uint32_t wants_progress;
	uint32_t needs_processes; /* lists all: see processes_internal.h */
	uint32_t needs_steward;   /* enum launch_steward */
	uint32_t root_set;        /* which of the configuration's roots hold */
};

enum launch_end {
	LAUNCH_EXITED, /* 'status' is its exit status; 125: a wall could not be raised, nothing ran
			*/
	LAUNCH_KILLED, /* by signal 'status' */
	LAUNCH_TIMED_OUT, /* the deadline passed */
	LAUNCH_CANCELLED,
	LAUNCH_OUT_OF_MEMORY, /* its own limit */
	LAUNCH_REFUSED,       /* the record was invalid or no place is free; 'why' tells */
};

struct launch_outcome {
	uint64_t id;
	uint32_t end; /* enum launch_end */
	int32_t status;
	uint32_t walls; /* bits of enum sandbox_wall that stood */
	uint32_t landlock_abi;
	uint32_t was_waiting; /* its sandbox was raised before the record came */
	uint32_t reserved;
	uint64_t elapsed_ns;
	uint64_t cpu_ns; /* with what its broker and raising its sandbox took, not taking it down */
	uint64_t peak_memory_bytes;
	char why[ERROR_TEXT_BYTES];
};

/* Honoured only where tests link the launcher, see hooks_internal.h. */
struct launcher_test {
	uint32_t walls_off;    /* bits of enum sandbox_wall */
	uint32_t features_off; /* bits of enum kernel_feature: play an older kernel */
	uint32_t fail_step;    /* 1 + the number of a step that is to fail */
	uint32_t late;         /* a job begins only when its launcher is dead */
};

enum launcher_group {
	LAUNCHER_TOP_GROUP, /* control groups are made at the top of each hierarchy */
	LAUNCHER_OWN_GROUP, /* below the one this process is in, which is ours to divide */
};

struct launcher_config {
	const char *executables_dir; /* where constable-job* lie */
	const char *host_root;       /* "/", or a fixture that the job is told to look at */
	uint32_t walls_optional;     /* bits that policy lets be missing */
	/* What diagnose-root may read beside the system's programs, by 'root_set': lists of
	 * absolute paths, and of those lists, each with NULL at the end; NULL: one set, everything.
	 * Where Landlock is missing nothing holds it to them, and it loses its capability. Borrowed
	 * until the launcher runs. */
	const char *const *const *roots;
	/* Kubernetes namespaces whose pods' logs a job may see, as roots; NULL: any. */
	const char *const *namespaces;
	enum launcher_group group;
	bool without_process_iterator; /* see processes_internal.h */
	struct launcher_programs programs;
	struct launcher_test test;
};

struct launcher {
	int fd; /* the warden's end: send records, receive outcomes */
	pid_t pid;
	int pidfd;
};

/* Forks; the child never returns. Call before threads, filters or secrets exist. */
int launcher_start(struct launcher *launcher, const struct launcher_config *config,
		   struct error *err) MUST_CHECK;

/* Closes the socket and waits until the launcher has cleaned up and ended, for ten seconds. False:
 * it has not, as a job sleeps in the kernel, and is left to itself. */
bool launcher_finish(struct launcher *launcher);

/* 'fds' is NULL for all but LAUNCH_RUN; they stay the caller's. */
int launcher_send(const struct launcher *launcher, const struct launch_record *record,
		  const int fds[3], struct error *err) MUST_CHECK;

/* One outcome; 0, -EAGAIN, or -EPIPE when the launcher died. */
int launcher_receive(const struct launcher *launcher,
		     struct launch_outcome *outcome_out) MUST_CHECK;
