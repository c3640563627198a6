#include "call/sandbox/enter_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/tree_internal.h"

#define NOBODY 65534
#define SYSTEM_BUS "/run/dbus/system_bus_socket"

int enter_die_with_launcher(struct plan *plan)
{
	struct pollfd launcher = { .fd = plan->launcher_pidfd, .events = POLLIN };

	if (plan->test->late)
		(void)poll(&launcher, 1, -1);
	return prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 ? -errno : 0;
}

int enter_check_launcher(struct plan *plan)
{
	struct pollfd launcher = { .fd = plan->launcher_pidfd, .events = POLLIN };

	return poll(&launcher, 1, 0) > 0 ? -ESRCH : 0;
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

int enter_arrange_descriptors(struct plan *plan)
{
	int *fds[] = { &plan->stdio[0],  &plan->stdio[1],      &plan->stdio[2],
		       &plan->broker_fd, &plan->bus_fd,        &plan->processes_fd,
		       &plan->report_fd, &plan->executable_fd, &plan->order_fd };
	static const int numbers[] = {
		0,
		1,
		2,
		PLAN_FD_BROKER,
		PLAN_FD_BUS,
		PLAN_FD_PROCESSES,
		PLAN_FD_REPORT,
		PLAN_FD_EXECUTABLE,
		PLAN_FD_ORDER,
	};
	int r = 0;

	for (size_t i = 0; i < ARRAY_LEN(fds) && r == 0; i++)
		r = lift(fds[i]);
	for (size_t i = 0; i < ARRAY_LEN(fds) && r == 0; i++)
		r = place_fd(fds[i], numbers[i], numbers[i] >= PLAN_FD_REPORT ? O_CLOEXEC : 0);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		if (*fds[i] < 0)
			close(numbers[i]);
	if (!(plan->test->features_off & FEATURE_CLOSE_RANGE) &&
	    close_range(PLAN_FD_END, ~0U, 0) == 0)
		return 0;
	for (int fd = PLAN_FD_END; fd < 1024; fd++) /* kernels before 5.9 */
		close(fd);
	return 0;
}

int enter_become_undumpable(struct plan *plan UNUSED)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

static int write_file(const char *path, const char *text)
{
	CLEANUP(fd) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

/* To oneself: a plain user may map nobody else. */
int enter_map_user(struct plan *plan)
{
	char map[40];
	int r;

	/* /proc/self of an undumpable process belongs to root. */
	if (prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0)
		return -errno;
	r = write_file("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "%u %u 1", plan->uid, plan->uid);
	if (r == 0)
		r = write_file("/proc/self/uid_map", map);
	(void)snprintf(map, sizeof(map), "%u %u 1", plan->gid, plan->gid);
	return r == 0 ? write_file("/proc/self/gid_map", map) : r;
}

int enter_join_cgroup(struct plan *plan)
{
	for (size_t i = 0; i < PLAN_MAX_LEAF_FDS && plan->leaf_fds[i] >= 0; i++)
		if (write(plan->leaf_fds[i], "0", 1) < 0)
			return -errno;
	return 0;
}

static int connect_bus(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SYSTEM_BUS };
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* Not blocking: a hung bus with a full queue would hang us. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    fcntl(fd, F_SETFL, 0) < 0)
		return -1;
	return fd_take(&fd);
}

/*
 * As nobody, whose credentials the bus then sees for good: it refuses a uid that
 * is in no passwd file, and root could change the host by it. A host without a
 * bus is no failure: the job finds no descriptor.
 */
int enter_connect_bus(struct plan *plan)
{
	if (plan->bus == PLAN_NO_BUS)
		return 0;
	if (plan->powers == PLAN_PRIVILEGED && (syscall(SYS_setresgid, -1, NOBODY, -1) < 0 ||
						syscall(SYS_setresuid, -1, NOBODY, -1) < 0))
		return -errno;
	plan->bus_fd = connect_bus();
	if (plan->powers == PLAN_PRIVILEGED &&
	    (syscall(SYS_setresuid, -1, 0, -1) < 0 || syscall(SYS_setresgid, -1, 0, -1) < 0))
		return -errno;
	/* The dance over credentials clears it. */
	return enter_die_with_launcher(plan);
}

int enter_tree(struct plan *plan)
{
	struct tree_request request = {
		.kind = plan->rules->tree,
		.walls = plan->walls_wanted,
		.features_off = plan->test->features_off,
		.target = plan->target && plan->target->sockets[0] ? plan->target : NULL,
		.namespaces = plan->namespaces,
	};
	int r;

	if (plan->tree && setns(plan->tree->mount_ns, CLONE_NEWNS) < 0)
		return -errno;
	if (!plan->tree) {
		if (unshare(CLONE_NEWNS) < 0)
			return -errno;
		r = tree_build(&request);
		if (r < 0)
			return r;
	}
	if (chdir("/") < 0)
		return -errno;
	plan->walls |= plan->walls_wanted & (WALL_READ_ONLY | WALL_MASKS);
	return 0;
}

int enter_scratch(struct plan *plan)
{
	if (!(plan->walls & WALL_MOUNT_NS) ||
	    (plan->rules->tree != TREE_SCRATCH && plan->rules->tree != TREE_OWN_PROC))
		return 0;
	/* The warm tree belongs to all: a copy of it can have mounts of its own. */
	if (plan->tree && unshare(CLONE_NEWNS) < 0)
		return -errno;
	return plan->rules->tree == TREE_SCRATCH ? tree_add_scratch() : tree_add_proc();
}

int enter_network(struct plan *plan)
{
	if (plan->tree && plan->tree->net_ns >= 0)
		return setns(plan->tree->net_ns, CLONE_NEWNET) < 0 ? -errno : 0;
	return unshare(CLONE_NEWNET) < 0 ? -errno : 0;
}
