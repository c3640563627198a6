#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "call/sandbox/clone_internal.h"
#include "call/sandbox/start_internal.h"

/* Of one that stays: none. */
#define STEWARD_CPU_NS (UINT64_C(366) * 86400 * NS_PER_SEC)

/* Its network is empty, so it could not open this one itself; see host/outgoing_ports.h. */
static int open_input(void)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY | O_CLOEXEC);

	return fd >= 0 ? fd : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

const char *helper_name(enum helper helper)
{
	static const char *const names[HELPER_N] = {
		"constable-broker", "constable-loader",   "constable-steward",
		"constable-prober", "constable-guardian", "constable-courier",
	};

	return names[helper];
}

void helper_leave(enum helper helper, pid_t pid)
{
	log_warn(
		"%s (pid %d) was killed, but sleeps in the kernel and cannot end yet: nobody waits "
		"for it any longer",
		helper_name(helper), (int)pid);
}

/* What the guardian holds, 768 at most, it has up to three times at once: what it watches, and two
 * lists of it; and what a loader answers. */
#define STEWARD_FILES 4096

/* Which it could not make: its system call filter and its powers have none of it. */
static int open_echo(int family, int protocol)
{
	int fd = socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	return fd >= 0 ? fd : open("/dev/null", O_RDWR | O_CLOEXEC);
}

static const struct helper_walls {
	const struct rules *(*rules)(void);
	unsigned filter;
} helper_walls[HELPER_N] = {
	[HELPER_BROKER] = { rules_of_broker, FILTER_BROKER },
	[HELPER_LOADER] = { rules_of_loader, FILTER_LOADER },
	[HELPER_STEWARD] = { rules_of_steward, FILTER_STEWARD },
	[HELPER_PROBER] = { rules_of_prober, FILTER_PROBER },
	/* The network is what it is for, and before it reads a byte it raises the rest. */
	[HELPER_COURIER] = { rules_of_starting_courier, FILTER_LOADER },
};

/* What of a plan is different for each. */
static void set_helper(struct serve *serve, struct plan *plan, enum helper helper)
{
	start_set_walls(plan, serve, helper_walls[helper].rules(), helper_walls[helper].filter, 0);
	if (helper == HELPER_STEWARD) {
		/* It stays, and what it keeps is our own user's. */
		plan->limits.cpu_ns = STEWARD_CPU_NS;
		plan->limits.n_files = STEWARD_FILES;
		return;
	}
	if (serve->powers.is_privileged || serve->powers.can_change_user)
		plan->uid = plan->gid = HELPER_UID(helper);
	if (helper == HELPER_PROBER)
		plan->target = target_of(TARGET_ANY_TCP);
	else if (helper !=
		 HELPER_COURIER) /* To make an empty network costs more than all the rest. */
		plan->tree =
			serve->trees[TREE_PLAIN].net_ns >= 0 ? &serve->trees[TREE_PLAIN] : NULL;
}

pid_t start_helper(struct serve *serve, enum helper helper, struct leaf *leaf, int fd,
		   const char *const *more)
{
	static char option[] = "--fd", number[] = "3";
	char *argv[4 + HELPER_MAX_WORDS] = { (char *)helper_name(helper), option, number };
	CLEANUP(fd) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	bool is_prober = helper == HELPER_PROBER;
	CLEANUP(fd) int input = is_prober ? open_echo(AF_INET, IPPROTO_ICMP) : open_input();
	CLEANUP(fd) int output = is_prober ? open_echo(AF_INET6, IPPROTO_ICMPV6) : -1;
	struct plan plan = { .argv = argv };
	pid_t pid;
	int pidfd;

	for (size_t i = 0; more && more[i] && i < HELPER_MAX_WORDS; i++)
		argv[3 + i] = (char *)more[i];
	if (helper == HELPER_COURIER)
		argv[1] = NULL;
	start_set_powers(&plan, serve);
	plan.limits = sandbox_default_limits(PROFILE_DIAGNOSE);
	plan.limits.n_files = 1024;
	set_helper(serve, &plan, helper);
	plan.broker_fd = helper == HELPER_COURIER ? -1 : fd;
	plan.executable_fd = serve->helper_executables[helper];
	plan.stdio[0] = helper == HELPER_COURIER ? fd : input;
	plan.stdio[1] = is_prober ? output : null;
	plan.stdio[2] = STDERR_FILENO;
	pid = clone_run(serve, &plan, leaf, &pidfd);
	if (pidfd >= 0)
		close(pidfd);
	return pid;
}
