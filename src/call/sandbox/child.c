#include "call/sandbox/plan_internal.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "call/sandbox/drop_internal.h"
#include "call/sandbox/enter_internal.h"

#define PAYLOAD_STACK_BYTES (64 * KIB)

struct step {
	const char *name;
	uint32_t wall;                 /* raised by it; 0: always done */
	int (*run)(struct plan *plan); /* 0 or a negative errno */
};

/* One that cannot be sent is missing at the reader, which then knows. */
static void write_report(const struct plan *plan, const struct report *report)
{
	(void)!write(plan->report_fd, report, sizeof(*report));
}

static void send_report(const struct plan *plan, enum report_kind kind, uint32_t step, int value)
{
	struct report report = {
		.kind = kind,
		.step = step,
		.walls = plan->walls,
		.value = value,
	};

	write_report(plan, &report);
}

/* --- the order --------------------------------------------------------------- */

/* Before the last wall, which would refuse to announce itself; if that fails, a
 * report of the failure follows this one. */
static int announce(struct plan *plan)
{
	plan->walls |= plan->walls_wanted & WALL_SECCOMP;
	send_report(plan, REPORT_WALLS, 0, plan->walls & WALL_LANDLOCK ? plan->landlock_abi : 0);
	return 0;
}

static const struct step steps[] = {
	{ "tie to the launcher's life", 0, enter_die_with_launcher },
	{ "map the user", WALL_USER_NS, enter_map_user },
	{ "join the control group", WALL_CGROUP, enter_join_cgroup },
	{ "connect to the system bus", 0, enter_connect_bus },
	{ "enter the mount tree", WALL_MOUNT_NS, enter_tree },
	{ "make private scratch space", 0, enter_scratch },
	{ "enter the empty network", WALL_NET_NS, enter_network },
	{ "find the launcher alive", 0, enter_check_launcher },
	{ "arrange descriptors", 0, enter_arrange_descriptors },
	{ "become undumpable", 0, enter_become_undumpable },
#define N_INIT_STEPS 10
	{ "start a session", 0, drop_new_session },
	{ "set resource limits", WALL_RLIMITS, drop_set_limits },
	{ "drop the bounding set", WALL_CAPABILITIES, drop_bounding_set },
	{ "lock the secure bits", WALL_CAPABILITIES, drop_lock_securebits },
	{ "change user", WALL_UID, drop_become_user },
	{ "set capabilities", 0, drop_set_capabilities },
	{ "tie the payload's life", 0, enter_die_with_launcher },
	{ "refuse new privileges", WALL_NO_NEW_PRIVS, drop_refuse_new_privileges },
	{ "restrict by Landlock", WALL_LANDLOCK, drop_landlock },
	{ "announce the walls", 0, announce },
	/* Last of the walls: it refuses what the steps before need. What follows is
	 * what it allows to every job. */
	{ "filter system calls", WALL_SECCOMP, drop_filter },
	{ "receive the job", 0, order_receive },
	{ "execute the job", 0, drop_execute },
};

unsigned child_n_steps(void)
{
	return ARRAY_LEN(steps);
}

const char *child_step_name(uint32_t step)
{
	return step < ARRAY_LEN(steps) ? steps[step].name : "unknown step";
}

static void run_steps(struct plan *plan, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		const struct step *step = &steps[i];
		int r;

		if (step->wall && !(plan->walls_wanted & step->wall))
			continue;
		r = plan->test->fail_step == i + 1 ? -EIO : step->run(plan);
		if (r == 0) {
			plan->walls |= step->wall;
			continue;
		}
		if (step->wall && !(plan->walls_mandatory & step->wall))
			continue;
		send_report(plan, REPORT_FAILED, i, -r);
		_exit(SANDBOX_FAILED);
	}
}

/* Reaps one, whichever: its pid, or what wait4() says. */
static pid_t reap_one(int options, int *status_out, struct report *report)
{
	struct rusage usage = { 0 };
	pid_t pid = wait4(-1, status_out, options, &usage);

	report->cpu_ns += clock_cpu_ns(&usage);
	return pid;
}

/*
 * Reaps the payload and what it orphaned; when this process ends, the kernel
 * kills whatever else lives in its pid namespace. All that does is its child, at
 * once or when orphaned: so it knows when there is nothing.
 */
static void reap(pid_t payload, struct report *report)
{
	int status;
	pid_t pid;

	do {
		pid = reap_one(0, &report->value, report);
		if (pid < 0 && errno != EINTR)
			_exit(SANDBOX_FAILED);
	} while (pid != payload);
	do
		pid = reap_one(WNOHANG, &status, report);
	while (pid > 0);
	report->is_alone = pid < 0 && errno == ECHILD;
}

/* The launcher wakes when the pipe is closed. */
static void tell_end(struct plan *plan, struct report *report)
{
	struct rusage own = { 0 };

	(void)getrusage(RUSAGE_SELF, &own);
	report->cpu_ns += clock_cpu_ns(&own);
	report->walls = plan->walls;
	write_report(plan, report);
	(void)close(plan->report_fd);
}

static int run_payload(void *cookie)
{
	run_steps(cookie, N_INIT_STEPS, ARRAY_LEN(steps));
	return SANDBOX_FAILED;
}

/*
 * It shares the memory until it executes something, as after vfork(), which
 * costs neither of them a copy. But the first process does not stand still
 * meanwhile (a payload may wait long for its job, and a process in vfork() counts
 * as load of the host): so the payload has a stack of its own, and the first
 * process does nothing but wait.
 */
static pid_t clone_payload(struct plan *plan)
{
	static _Alignas(16) char stack[PAYLOAD_STACK_BYTES];

	return clone(run_payload, stack + sizeof(stack), CLONE_VM | SIGCHLD, plan);
}

/*
 * Only a pid namespace needs a first process of our own: the kernel gives pid 1
 * no default signal actions and all orphans. Elsewhere the payload is the child.
 */
_Noreturn void child_run(struct plan *plan)
{
	struct report report = { .kind = REPORT_ENDED };
	pid_t payload;

	plan->walls |= plan->walls_wanted & (WALL_PID_NS | WALL_IPC_NS | WALL_UTS_NS);
	run_steps(plan, 0, N_INIT_STEPS);
	if (!(plan->walls & WALL_PID_NS))
		_exit(run_payload(plan));
	payload = clone_payload(plan);
	if (payload < 0) {
		send_report(plan, REPORT_FAILED, N_INIT_STEPS, errno);
		_exit(SANDBOX_FAILED);
	}
	drop_everything();
	reap(payload, &report);
	tell_end(plan, &report);
	/* To end takes longer than to be told, and the launcher may wait for this very CPU: so it
	 * answers first, and then ends us. */
	while (report.is_alone)
		(void)pause();
	_exit(WIFEXITED(report.value) ? WEXITSTATUS(report.value) : 128 + WTERMSIG(report.value));
}
