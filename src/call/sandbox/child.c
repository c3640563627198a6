#include "call/sandbox/plan_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call/sandbox/kernel_internal.h"

#define LAST_CAPABILITY 63

struct step {
	const char *name;
	uint32_t wall;                 /* raised by it; 0: always done */
	int (*run)(struct plan *plan); /* 0 or a negative errno */
};

static void send_report(const struct plan *plan, enum report_kind kind, uint32_t step, int value)
{
	struct report report = {
		.kind = kind,
		.step = step,
		.walls = plan->walls,
		.value = value,
	};

	/* A report that cannot be sent is missing at the reader, which then knows. */
	(void)!write(plan->report_fd, &report, sizeof(report));
}

/* --- steps of the first process -------------------------------------------- */

static int die_with_launcher(struct plan *plan UNUSED)
{
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

/* Out of the way first, so that no dup2() lands on one still needed. */
static int lift(int *fd)
{
	int lifted;

	if (*fd < 0)
		return 0;
	lifted = fcntl(*fd, F_DUPFD_CLOEXEC, 32);
	if (lifted < 0)
		return -errno;
	*fd = lifted;
	return 0;
}

static int place_fd(int *fd, int number, int flags)
{
	if (*fd < 0)
		return 0;
	if (dup3(*fd, number, flags) < 0)
		return -errno;
	*fd = number;
	return 0;
}

static int arrange_descriptors(struct plan *plan)
{
	int *fds[] = { &plan->stdio[0],  &plan->stdio[1],  &plan->stdio[2],
		       &plan->broker_fd, &plan->report_fd, &plan->executable_fd };
	static const int numbers[] = {
		0, 1, 2, PLAN_FD_BROKER, PLAN_FD_REPORT, PLAN_FD_EXECUTABLE
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(fds) && r == 0; i++)
		r = lift(fds[i]);
	for (size_t i = 0; i < ARRAY_LEN(fds) && r == 0; i++)
		r = place_fd(fds[i], numbers[i], numbers[i] >= PLAN_FD_REPORT ? O_CLOEXEC : 0);
	if (r < 0)
		return r;
	if (plan->broker_fd < 0)
		close(PLAN_FD_BROKER);
	close(PLAN_FD_BUS);
	if (!(plan->test->features_off & FEATURE_CLOSE_RANGE) &&
	    close_range(PLAN_FD_END, ~0U, 0) == 0)
		return 0;
	for (int fd = PLAN_FD_END; fd < 1024; fd++) /* kernels before 5.9 */
		close(fd);
	return 0;
}

static int become_undumpable(struct plan *plan UNUSED)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

/* --- steps of the payload --------------------------------------------------- */

static int new_session(struct plan *plan UNUSED)
{
	return setsid() < 0 ? -errno : 0;
}

static int set_limit(int what, uint64_t value)
{
	struct rlimit now, limit = { value, value };

	if (getrlimit(what, &now) < 0)
		return -errno;
	/* A hard limit can be lowered by anybody and raised by few. */
	if (now.rlim_max < value)
		limit.rlim_cur = limit.rlim_max = now.rlim_max;
	return setrlimit(what, &limit) < 0 ? -errno : 0;
}

static int set_limits(struct plan *plan)
{
	const struct {
		int what;
		uint64_t value;
	} limits[] = {
		{ RLIMIT_CORE, 1 }, /* not 0: 1 also keeps a piped core_pattern from running */
		{ RLIMIT_NOFILE, plan->limits.n_files },
		{ RLIMIT_FSIZE, 64 * MIB },
		{ RLIMIT_MEMLOCK, 64 * KIB },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_CPU, plan->limits.cpu_ns / NS_PER_SEC + 1 },
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(limits) && r == 0; i++)
		r = set_limit(limits[i].what, limits[i].value);
	return r;
}

static uint64_t kept_capabilities(const struct plan *plan)
{
	return plan->walls_wanted & WALL_CAPABILITIES ? plan->rules->capabilities : ~UINT64_C(0);
}

static int drop_bounding_set(struct plan *plan)
{
	for (int i = 0; i <= LAST_CAPABILITY; i++)
		if (!(plan->rules->capabilities >> i & 1) &&
		    prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EINVAL)
			return -errno;
	return 0;
}

/* Raw calls: glibc's would first signal every thread of a process that has one. */
static int become_user(struct plan *plan)
{
	/* Fails, rightly, where the secure bits are locked: they keep them too. */
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (syscall(SYS_setgroups, plan->n_groups, plan->groups) < 0 ||
	    syscall(SYS_setresgid, plan->gid, plan->gid, plan->gid) < 0 ||
	    syscall(SYS_setresuid, plan->uid, plan->uid, plan->uid) < 0)
		return -errno;
	return 0;
}

static int set_capabilities(struct plan *plan)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };
	uint64_t keep = kept_capabilities(plan);

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	keep &= data[0].permitted | (uint64_t)data[1].permitted << 32;
	for (int i = 0; i < 2; i++) {
		data[i].effective = data[i].permitted = data[i].inheritable =
			(uint32_t)(keep >> (32 * i));
	}
	if (syscall(SYS_capset, &header, data) < 0)
		return -errno;
	for (int i = 0; i <= LAST_CAPABILITY; i++)
		if (keep >> i & 1 && prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return -errno;
	return 0;
}

static int lock_securebits(struct plan *plan UNUSED)
{
	unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED;

	/* Needs CAP_SETPCAP, which changing the user gives away. */
	return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0 ? -errno : 0;
}

static int refuse_new_privileges(struct plan *plan UNUSED)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

static int execute(struct plan *plan)
{
	char bus[] = "CONSTABLE_BUS_FD=4";
	char *environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LANG=C.UTF-8",
		(char *)"HOME=/tmp",
		(char *)"PROC_ROOT=/proc/1", /* where ss and netstat find the host's sockets */
		plan->has_bus ? bus : NULL,
		NULL,
	};

	_Static_assert(PLAN_FD_BUS == 4, "the number in the environment");
	send_report(plan, REPORT_WALLS, 0, plan->landlock_abi);
	return syscall(SYS_execveat, plan->executable_fd, "", plan->argv, environment,
		       AT_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

/* --- the order --------------------------------------------------------------- */

static const struct step steps[] = {
	{ "tie to the launcher's life", 0, die_with_launcher },
	{ "arrange descriptors", 0, arrange_descriptors },
	{ "become undumpable", 0, become_undumpable },
#define N_INIT_STEPS 3
	{ "start a session", 0, new_session },
	{ "set resource limits", WALL_RLIMITS, set_limits },
	{ "drop the bounding set", WALL_CAPABILITIES, drop_bounding_set },
	{ "lock the secure bits", WALL_CAPABILITIES, lock_securebits },
	{ "change user", WALL_UID, become_user },
	{ "set capabilities", 0, set_capabilities },
	{ "refuse new privileges", WALL_NO_NEW_PRIVS, refuse_new_privileges },
	{ "execute the job", 0, execute },
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

/* Reaps the payload and what it orphaned; when this process ends, the kernel
 * kills whatever else lives in its pid namespace. */
static int reap(pid_t payload)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, 0);

		if (pid == payload)
			return status;
		if (pid < 0 && errno != EINTR)
			_exit(SANDBOX_FAILED);
	}
}

_Noreturn void child_run(struct plan *plan)
{
	pid_t payload;
	int status;

	plan->walls |= plan->walls_wanted &
		       (WALL_USER_NS | WALL_PID_NS | WALL_IPC_NS | WALL_UTS_NS | WALL_NET_NS);
	run_steps(plan, 0, N_INIT_STEPS);
	payload = vfork();
	if (payload == 0)
		run_steps(plan, N_INIT_STEPS, ARRAY_LEN(steps));
	if (payload < 0) {
		send_report(plan, REPORT_FAILED, N_INIT_STEPS, errno);
		_exit(SANDBOX_FAILED);
	}
	status = reap(payload);
	send_report(plan, REPORT_ENDED, 0, status);
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
