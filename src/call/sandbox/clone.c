#include "call/sandbox/clone_internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call/sandbox/kernel_internal.h"

static uint64_t clone_flags(uint32_t walls)
{
	static const struct {
		enum sandbox_wall wall;
		uint64_t flag;
	} table[] = {
		{ WALL_USER_NS, CLONE_NEWUSER },
		{ WALL_PID_NS, CLONE_NEWPID },
		{ WALL_IPC_NS, CLONE_NEWIPC },
		{ WALL_UTS_NS, CLONE_NEWUTS },
	};
	uint64_t flags = CLONE_PIDFD;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (walls & table[i].wall)
			flags |= table[i].flag;
	return flags;
}

/* What the clone itself cannot put it into, it writes itself into. */
static void list_procs(struct plan *plan, const struct leaf *leaf, unsigned first)
{
	size_t n = 0;

	for (unsigned kind = first; kind < CGROUP_N; kind++)
		if (leaf->procs[kind] >= 0)
			plan->leaf_fds[n++] = leaf->procs[kind];
}

pid_t clone_run(const struct serve *serve, struct plan *plan, const struct leaf *leaf,
		int *pidfd_out)
{
	struct clone_args args = {
		.flags = clone_flags(plan->walls_wanted),
		.pidfd = (uintptr_t)pidfd_out,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = -1;

	*pidfd_out = -1;
	plan->launcher_pidfd = serve->pidfd;
	if (leaf) {
		int unified = leaf->directories[CGROUP_UNIFIED];

		list_procs(plan, leaf, CGROUP_UNIFIED + 1);
		if (unified >= 0 && !(serve->test.features_off & FEATURE_CLONE_CGROUP)) {
			args.flags |= CLONE_INTO_CGROUP;
			args.cgroup = (uint64_t)unified;
		} else {
			list_procs(plan, leaf, CGROUP_UNIFIED);
		}
	}
	pid = kernel_clone3(&args);
	if (pid < 0 && leaf && args.flags & CLONE_INTO_CGROUP &&
	    (errno == E2BIG || errno == EINVAL)) {
		/* Before 5.7 the structure was shorter and the flag unknown. */
		args.flags &= ~(uint64_t)CLONE_INTO_CGROUP;
		args.cgroup = 0;
		list_procs(plan, leaf, CGROUP_UNIFIED);
		pid = (pid_t)syscall(SYS_clone3, &args, CLONE_ARGS_SIZE_VER0);
	}
	if (pid == 0)
		child_run(plan);
	return pid;
}
