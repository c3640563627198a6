#include "call/sandbox/walls_internal.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/landlock_internal.h"

/* Their absence weakens nothing that another wall does not hold as well: they
 * are named in the layers when they stand, and do not refuse when they cannot. */
#define WALLS_HELPFUL (WALL_IPC_NS | WALL_UTS_NS | WALL_CGROUP)

/* What a plain user needs no privilege for. */
#define WALLS_OF_USER \
	(WALL_CAPABILITIES | WALL_NO_NEW_PRIVS | WALL_LANDLOCK | WALL_SECCOMP | WALL_RLIMITS)

/* What a plain user gets inside a user namespace. */
#define WALLS_OF_USER_NS                                                               \
	(WALLS_OF_USER | WALL_USER_NS | WALL_PID_NS | WALL_MOUNT_NS | WALL_READ_ONLY | \
	 WALL_MASKS | WALL_NET_NS | WALL_IPC_NS | WALL_UTS_NS)

#define OF_USER_CHANGE (CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) | CAPABILITY(CAP_SETPCAP))

static bool has_capabilities(const struct launcher_test *test, uint64_t needed)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (test->features_off & FEATURE_PRIVILEGE)
		return false;
	return syscall(SYS_capget, &header, data) == 0 && (data[0].effective & needed) == needed;
}

static bool has_user_namespaces(const struct launcher_test *test)
{
	int status = 1;
	pid_t pid;

	if (test->features_off & FEATURE_USER_NS)
		return false;
	/* Asked by trying: distributions forbid it by three different switches. */
	pid = fork();
	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) < 0);
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

struct powers walls_powers(const struct launcher_test *test)
{
	struct powers powers = {
		.is_privileged = has_capabilities(test, CAPABILITY(CAP_SYS_ADMIN) | OF_USER_CHANGE),
		.can_change_user = has_capabilities(test, OF_USER_CHANGE),
		.landlock_abi = landlock_abi(test->features_off),
	};

	powers.has_user_namespaces = !powers.is_privileged && has_user_namespaces(test);
	return powers;
}

static uint32_t within_powers(uint32_t walls, const struct powers *powers)
{
	if (powers->is_privileged)
		return walls;
	if (!powers->has_user_namespaces || !(walls & WALL_MOUNT_NS))
		return walls & (WALLS_OF_USER | (powers->can_change_user ? WALL_UID : 0U));
	return (walls | WALL_USER_NS) & WALLS_OF_USER_NS;
}

struct walls_choice walls_choose(const struct rules *rules, const struct powers *powers,
				 uint32_t off, uint32_t optional)
{
	struct walls_choice choice = {
		.wanted = within_powers(rules->walls, powers),
		.calls = rules->calls,
	};

	/* Calls that only namespaces make harmless. */
	if (rules->walls & WALL_READ_ONLY && !(choice.wanted & WALL_READ_ONLY))
		choice.calls &= ~(unsigned)(CALLS_METADATA | CALLS_PROCESS);
	choice.wanted &= ~off;
	if (!(choice.wanted & WALL_MOUNT_NS))
		choice.wanted &= ~(uint32_t)(WALL_READ_ONLY | WALL_MASKS);
	choice.mandatory = choice.wanted & ~(WALLS_HELPFUL | optional);
	return choice;
}
