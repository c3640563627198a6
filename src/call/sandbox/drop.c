#include "call/sandbox/drop_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call/sandbox/filter_internal.h"
#include "call/sandbox/landlock_internal.h"

#define LAST_CAPABILITY 63

int drop_new_session(struct plan *plan UNUSED)
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

int drop_set_limits(struct plan *plan)
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
	/* Counted by user: only where the user has nothing but this job, and only
	 * where no control group counts better. */
	if (r == 0 && !(plan->walls & WALL_CGROUP) &&
	    (plan->identity == PLAN_OWN_USER || plan->walls & WALL_USER_NS))
		r = set_limit(RLIMIT_NPROC, plan->limits.n_processes);
	return r;
}

static uint64_t kept_capabilities(const struct plan *plan)
{
	/* To read any file is too much where nothing holds it to the roots. */
	if (plan->rules->land == LAND_ROOTS && plan->roots && plan->landlock_abi == 0 &&
	    plan->walls_wanted & WALL_CAPABILITIES)
		return 0;
	return plan->walls_wanted & WALL_CAPABILITIES ? plan->rules->capabilities : ~UINT64_C(0);
}

/* A plain user has nothing to drop and may not say so: no-new-privileges holds it. */
static int unless_powerless(const struct plan *plan)
{
	return errno == EPERM && plan->powers == PLAN_PLAIN_USER ? 0 : -errno;
}

int drop_bounding_set(struct plan *plan)
{
	for (int i = 0; i <= LAST_CAPABILITY; i++) {
		if (plan->rules->capabilities >> i & 1 || prctl(PR_CAPBSET_DROP, i, 0, 0, 0) == 0)
			continue;
		/* Beyond the last one that this kernel has. */
		return errno == EINVAL ? 0 : unless_powerless(plan);
	}
	return 0;
}

/* Raw calls: glibc's would first signal every thread of a process that has one. */
int drop_become_user(struct plan *plan)
{
	/* Fails, rightly, where the secure bits are locked: they keep them too. */
	(void)prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	if (syscall(SYS_setgroups, plan->n_groups, plan->groups) < 0 ||
	    syscall(SYS_setresgid, plan->gid, plan->gid, plan->gid) < 0 ||
	    syscall(SYS_setresuid, plan->uid, plan->uid, plan->uid) < 0)
		return -errno;
	return 0;
}

int drop_set_capabilities(struct plan *plan)
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

int drop_lock_securebits(struct plan *plan)
{
	unsigned long bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP |
			     SECBIT_NO_SETUID_FIXUP_LOCKED | SECBIT_KEEP_CAPS_LOCKED;

	/* Needs CAP_SETPCAP, which changing the user gives away. */
	return prctl(PR_SET_SECUREBITS, bits, 0, 0, 0) < 0 ? unless_powerless(plan) : 0;
}

int drop_refuse_new_privileges(struct plan *plan UNUSED)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
}

int drop_execute(struct plan *plan)
{
	char bus[] = "CONSTABLE_BUS_FD=4";
	char *environment[] = {
		(char *)"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		(char *)"LANG=C.UTF-8",
		(char *)"HOME=/tmp",
		(char *)"PROC_ROOT=/proc/1", /* where ss and netstat find the host's sockets */
		plan->bus_fd >= 0 ? bus : NULL,
		NULL,
	};

	_Static_assert(PLAN_FD_BUS == 4, "the number in the environment");
	return syscall(SYS_execveat, plan->executable_fd, "", plan->argv, environment,
		       AT_EMPTY_PATH) < 0
		       ? -errno
		       : 0;
}

int drop_landlock(struct plan *plan)
{
	struct land_request request = {
		.kind = plan->rules->land,
		.abi = plan->landlock_abi,
		.target = plan->target,
		.roots = plan->roots,
		.executable_fd = plan->executable_fd,
	};

	/* Without a private tree "/tmp" is the host's. */
	if (request.kind == LAND_SCRATCH && !(plan->walls & WALL_MOUNT_NS))
		request.kind = LAND_READ;
	return landlock_restrict(&request);
}

int drop_filter(struct plan *plan)
{
	return plan->filter ? filter_install(plan->filter) : -EINVAL;
}

void drop_everything(void)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	(void)syscall(SYS_capset, &header, data);
}
