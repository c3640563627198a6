#include "call/sandbox/orphans_internal.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reap.h"
#include "base/scan.h"
#include "call/sandbox/cgroup_files_internal.h"

#define TRIES 1000

static bool is_ours(const struct serve *serve, pid_t pid)
{
	if (serve->processes.loader == pid || stewardship_has(serve, pid))
		return true;
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		const struct box *box = &serve->boxes[i];

		if (box->is_used && (box->pid == pid || box->broker_pid == pid))
			return true;
	}
	return false;
}

/* Kills the orphans that there are now; returns how many ended. One that the kernel does not let go
 * of is reaped later. */
static unsigned kill_once(struct serve *serve, uint64_t until_ns)
{
	char path[64], text[16 * 1024];
	const char *at = text;
	uint64_t pid, now_ns;
	unsigned n = 0;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	while (scan_u64(&at, &pid)) {
		if (is_ours(serve, (pid_t)pid) || stewardship_asks_by(serve, (pid_t)pid))
			continue;
		now_ns = clock_monotonic_ns();
		/* Its children are ours from here on. */
		n += reap_killed((pid_t)pid, now_ns < until_ns ? until_ns - now_ns : 0, NULL);
	}
	return n;
}

void orphans_kill(struct serve *serve)
{
	uint64_t until_ns = clock_monotonic_ns() + REAP_LIMIT_NS;

	for (int i = 0; i < TRIES && kill_once(serve, until_ns); i++)
		;
}

void orphans_reap(struct serve *serve)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		/* A box's is told apart by its pidfd, which also tells us when. */
		if (is_ours(serve, info.si_pid))
			return;
		(void)waitpid(info.si_pid, NULL, 0);
		stewardship_note_reaped(serve, info.si_pid);
		info.si_pid = 0;
	}
}
