#include "call/sandbox/serve_internal.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/orphans_internal.h"

/* How long a killed job may linger (uninterruptible sleep) before we answer without it. */
#define GIVE_UP_NS (10 * NS_PER_SEC)
#define KILL_TRIES 500

void box_kill(struct serve *serve, struct box *box, enum launch_end why)
{
	if (box->is_killed)
		return;
	box->is_killed = true;
	box->end = why;
	box->given_up_ns = clock_monotonic_ns() + GIVE_UP_NS;
	(void)kernel_pidfd_send_signal(box->pidfd, SIGKILL);
	if (box->leaf)
		(void)leaf_kill(box->leaf, &serve->cgroups);
}

static void read_reports(struct box *box, struct launch_outcome *outcome)
{
	struct report report;

	while (read(box->report_fd, &report, sizeof(report)) == sizeof(report)) {
		switch (report.kind) {
		case REPORT_FAILED:
			outcome->end = LAUNCH_EXITED;
			outcome->status = SANDBOX_FAILED;
			outcome->walls = report.walls;
			(void)snprintf(outcome->why, sizeof(outcome->why), "%s: %s",
				       child_step_name(report.step), strerrordesc_np(report.value));
			break;
		case REPORT_WALLS:
			outcome->walls = report.walls;
			outcome->landlock_abi = (uint32_t)report.value;
			break;
		case REPORT_ENDED:
			outcome->end = WIFEXITED(report.value) ? LAUNCH_EXITED : LAUNCH_KILLED;
			outcome->status = WIFEXITED(report.value) ? WEXITSTATUS(report.value)
								  : WTERMSIG(report.value);
			break;
		}
	}
}

static void kill_leaf(struct serve *serve, struct leaf *leaf)
{
	struct timespec pause = { .tv_nsec = NS_PER_MS };

	for (int i = 0; i < KILL_TRIES && !leaf_kill(leaf, &serve->cgroups); i++)
		nanosleep(&pause, NULL);
}

/*
 * Whatever the job left: children that outlived it, its broker. What a job that
 * changes the host started and left in good order (a service) may stay.
 */
static void clear_up(struct serve *serve, struct box *box, const struct launch_outcome *outcome)
{
	bool may_leave =
		box->rules->tree == TREE_NONE && !box->is_killed && outcome->end == LAUNCH_EXITED;

	if (box->broker_pid > 0) {
		(void)kill(box->broker_pid, SIGKILL);
		(void)waitpid(box->broker_pid, NULL, 0);
	}
	if (box->leaf && may_leave)
		leaf_release(box->leaf, &serve->cgroups);
	if (box->leaf && !leaf_is_empty(box->leaf))
		kill_leaf(serve, box->leaf);
	if (!may_leave && !(outcome->walls & WALL_PID_NS))
		orphans_kill(serve);
	orphans_reap(serve);
}

static void measure(const struct box *box, const struct rusage *usage,
		    struct launch_outcome *outcome)
{
	outcome->elapsed_ns = clock_monotonic_ns() - box->start_ns;
	outcome->cpu_ns = (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * NS_PER_SEC +
			  (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
	outcome->peak_memory_bytes = (uint64_t)usage->ru_maxrss * KIB;
	if (!box->leaf)
		return;
	outcome->peak_memory_bytes = leaf_peak_bytes(box->leaf);
	if (leaf_ran_out_of_memory(box->leaf))
		outcome->end = LAUNCH_OUT_OF_MEMORY;
}

void box_finish(struct serve *serve, struct box *box, struct launch_outcome *outcome_out)
{
	struct launch_outcome outcome = {
		.id = box->id,
		.end = LAUNCH_EXITED,
		.was_waiting = box->was_waiting,
	};
	bool is_given_up = box->is_killed && clock_monotonic_ns() >= box->given_up_ns;
	struct rusage usage = { 0 };
	int status = 0;
	pid_t gone = wait4(box->pid, &status, is_given_up ? WNOHANG : 0, &usage);

	if (gone == box->pid && WIFSIGNALED(status)) {
		outcome.end = LAUNCH_KILLED;
		outcome.status = WTERMSIG(status);
	} else if (gone == box->pid) {
		outcome.status = WEXITSTATUS(status);
	}
	read_reports(box, &outcome);
	if (gone == box->pid)
		clear_up(serve, box, &outcome);
	else
		(void)snprintf(outcome.why, sizeof(outcome.why),
			       "a process of it sleeps in the kernel and cannot be killed yet");
	measure(box, &usage, &outcome);
	if (box->is_killed)
		outcome.end = box->end;
	fd_close(&box->pidfd);
	fd_close(&box->report_fd);
	fd_close(&box->order_fd);
	box->is_used = false;
	*outcome_out = outcome;
}
