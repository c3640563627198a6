#include "call/sandbox/orphans_internal.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/reap.h"
#include "base/scan.h"
#include "call/sandbox/cgroup_files_internal.h"

#define TRIES 10000 /* each has an end, or is a part of a wait of 2 s */

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

/* --- those that did not end in the time that one is awaited --- */

static bool is_given_up(const struct serve *serve, pid_t pid)
{
	for (unsigned i = 0; i < ORPHANS_MAX_GIVEN_UP; i++)
		if (serve->orphans.given_up[i] == pid)
			return true;
	return false;
}

/* Beyond the bound one is awaited again. */
static void give_up(struct serve *serve, pid_t pid)
{
	struct orphans *orphans = &serve->orphans;

	orphans->given_up[orphans->n++ % ORPHANS_MAX_GIVEN_UP] = pid;
}

/* Another may have its number. */
static void forget(struct serve *serve, pid_t pid)
{
	for (unsigned i = 0; i < ORPHANS_MAX_GIVEN_UP; i++)
		if (serve->orphans.given_up[i] == pid)
			serve->orphans.given_up[i] = 0;
}

/* --- all of them --- */

/* Kills the orphans that there are now; how many ended, and how many are awaited still, of which
 * there are none when it is late: one that the kernel does not let go of is reaped later. */
static unsigned kill_once(struct serve *serve, bool is_late, unsigned *n_awaited_out)
{
	char path[64], text[16 * 1024];
	const char *at = text;
	uint64_t pid;
	unsigned n = 0;

	*n_awaited_out = 0;
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	if (cgroup_file_read(AT_FDCWD, path, text, sizeof(text)) < 0)
		return 0;
	while (scan_u64(&at, &pid)) {
		if (is_ours(serve, (pid_t)pid) || stewardship_asks_by(serve, (pid_t)pid))
			continue;
		if (reap_killed((pid_t)pid, 0, NULL)) {
			forget(serve, (pid_t)pid);
			n++; /* its children are ours from here on */
		} else if (!is_given_up(serve, (pid_t)pid)) {
			if (is_late)
				give_up(serve, (pid_t)pid);
			else
				++*n_awaited_out;
		}
	}
	return n;
}

void orphans_kill(struct serve *serve)
{
	static const struct timespec pause = { .tv_nsec = NS_PER_MS / 4 };
	uint64_t until_ns = clock_monotonic_ns() + REAP_LIMIT_NS;
	unsigned n_ended, n_awaited;

	for (int i = 0; i < TRIES; i++) {
		n_ended = kill_once(serve, clock_monotonic_ns() >= until_ns, &n_awaited);
		if (!n_ended && !n_awaited)
			return;
		if (!n_ended)
			(void)nanosleep(&pause, NULL);
	}
}

void orphans_reap(struct serve *serve)
{
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid > 0) {
		/* A box's is told apart by its pidfd, which also tells us when. */
		if (is_ours(serve, info.si_pid))
			return;
		(void)waitpid(info.si_pid, NULL, 0);
		forget(serve, info.si_pid);
		stewardship_note_reaped(serve, info.si_pid);
		info.si_pid = 0;
	}
}
