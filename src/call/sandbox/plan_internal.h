/*
 * A plan: everything one start needs, decided before the fork, so that the
 * child only carries out steps; and what the child reports back.
 *
 * The walls are raised by a table of steps in child.c: that table is the order
 * of sandbox construction. A step that fails and is not optional ends the child
 * with SANDBOX_FAILED before anything was executed.
 */
#pragma once

#include <linux/filter.h>

#include "call/sandbox/launcher.h"
#include "call/sandbox/order_internal.h"
#include "call/sandbox/rules_internal.h"

#define SANDBOX_FAILED 125
#define PLAN_MAX_GROUPS 4
#define PLAN_MAX_LEAF_FDS 4

/* Numbers of the descriptors that a payload starts with. */
enum plan_fd {
	PLAN_FD_BROKER = 3, /* inherited by the job, if there is one */
	PLAN_FD_BUS = 4,    /* likewise */
	PLAN_FD_PROCESSES,  /* likewise */
	PLAN_FD_REPORT,     /* closed by exec from here on */
	PLAN_FD_EXECUTABLE,
	PLAN_FD_ORDER, /* only while it waits for its job */
	PLAN_FD_END,
};

/* Sent through the report pipe, each in one write. */
struct report {
	enum report_kind {
		REPORT_FAILED, /* step 'step', errno 'value'; nothing ran */
		REPORT_WALLS,  /* just before exec: 'walls', 'value' is the Landlock ABI */
		REPORT_ENDED,  /* the payload's wait status is 'value' */
	} kind;
	uint32_t step;
	uint32_t walls;
	int32_t value;

	/* Of what ended: */
	uint32_t is_alone; /* nothing else lives in its pid namespace, and it awaits its own end */
	uint64_t cpu_ns;   /* of the payload, of what it left, and of the reporter */
};

#define MAX_REPORTS 4 /* of one start; the last writer closes the pipe behind its own */

struct plan {
	const struct rules *rules;
	struct sandbox_limits limits;
	const struct launcher_test *test;
	uint32_t walls_wanted;    /* the profile's, as far as this process can raise them */
	uint32_t walls_mandatory; /* failing to raise one of these ends it */
	enum {
		PLAN_SHARED_USER,
		PLAN_OWN_USER
	} identity;
	uid_t uid;
	gid_t gid;
	gid_t groups[PLAN_MAX_GROUPS];
	size_t n_groups;
	const struct tree *tree;       /* the warm template, or NULL: build one now */
	const struct target *target;   /* for Landlock's ports; NULL: none */
	const char *const *roots;      /* that diagnose-root may read; NULL: all */
	const char *const *namespaces; /* whose pods' logs it may see; NULL: any */
	const struct sock_fprog *filter;
	int stdio[3];
	int broker_fd, processes_fd, report_fd, executable_fd;
	int launcher_pidfd; /* or -1 */
	int order_fd;       /* where the job comes from, with what it inherits; -1: all is here */
	int leaf_fds[PLAN_MAX_LEAF_FDS]; /* cgroup.procs to write oneself into; -1 ends */
	enum {
		PLAN_NO_BUS,
		PLAN_BUS
	} bus;
	enum {
		PLAN_PLAIN_USER,
		PLAN_PRIVILEGED
	} powers;
	int landlock_abi;
	char **argv;
	struct launch_record record; /* of a job */
	struct command_line line;    /* likewise: what 'argv' is */
	const char *host_root;

	/* Filled by the child; init and payload share memory until exec. */
	uint32_t walls;
	int bus_fd;
};

/* The first process of a sandbox: raises the walls, runs the payload, reaps. */
_Noreturn void child_run(struct plan *plan);

/* The name of a step, for an outcome's 'why'. */
const char *child_step_name(uint32_t step);
unsigned child_n_steps(void);
