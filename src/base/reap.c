#include "base/reap.h"

#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"

/* Whoever may not have such a descriptor looks again and again. */
static void nap(void)
{
	static const struct timespec pause = { .tv_nsec = NS_PER_MS / 4 };

	(void)nanosleep(&pause, NULL);
}

bool reap_killed(pid_t pid, uint64_t limit_ns, struct rusage *usage_out)
{
	CLEANUP(fd) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd end = { fd, POLLIN, 0 };
	uint64_t until_ns = clock_monotonic_ns() + limit_ns;
	pid_t gone;

	(void)kill(pid, SIGKILL);
	if (fd >= 0)
		(void)poll(&end, 1, (int)(limit_ns / NS_PER_MS));
	gone = wait4(pid, NULL, WNOHANG, usage_out);
	while (gone == 0 && fd < 0 && clock_monotonic_ns() < until_ns) {
		nap();
		gone = wait4(pid, NULL, WNOHANG, usage_out);
	}
	return gone == pid;
}
