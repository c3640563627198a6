#include "call/sandbox/serve_internal.h"

#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/reap.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/orphans_internal.h"

/* How long a killed job may linger (uninterruptible sleep) before we answer without it. */
#define GIVE_UP_NS (10 * NS_PER_SEC)
#define END_NS (5 * NS_PER_SEC) /* the same, of all of them when the launcher ends */
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

/* When nobody is left who could write one. */
static void read_reports(struct box *box)
{
	ssize_t got;

	if (box->n_reports >= 0)
		return;
	got = read(box->report_fd, box->reports, sizeof(box->reports));
	box->n_reports = got > 0 ? (int)((size_t)got / sizeof(box->reports[0])) : 0;
}

static void tell(const struct report *report, struct launch_outcome *outcome)
{
	switch (report->kind) {
	case REPORT_FAILED:
		outcome->end = LAUNCH_EXITED;
		outcome->status = SANDBOX_FAILED;
		outcome->walls = report->walls;
		(void)snprintf(outcome->why, sizeof(outcome->why), "%s: %s",
			       child_step_name(report->step), strerrordesc_np(report->value));
		break;
	case REPORT_WALLS:
		outcome->walls = report->walls;
		outcome->landlock_abi = (uint32_t)report->value;
		break;
	case REPORT_ENDED:
		outcome->end = WIFEXITED(report->value) ? LAUNCH_EXITED : LAUNCH_KILLED;
		outcome->status = WIFEXITED(report->value) ? WEXITSTATUS(report->value)
							   : WTERMSIG(report->value);
		break;
	}
}

static void tell_reports(struct box *box, struct launch_outcome *outcome)
{
	read_reports(box);
	for (int i = 0; i < box->n_reports; i++)
		tell(&box->reports[i], outcome);
}

static void kill_leaf(struct serve *serve, struct leaf *leaf)
{
	struct timespec pause = { .tv_nsec = NS_PER_MS };

	for (int i = 0; i < KILL_TRIES && !leaf_kill(leaf, &serve->cgroups); i++)
		nanosleep(&pause, NULL);
}

static void end_broker(struct box *box)
{
	struct rusage usage = { 0 };

	if (box->broker_pid <= 0)
		return;
	if (!reap_killed(box->broker_pid, REAP_LIMIT_NS, &usage))
		helper_leave(HELPER_BROKER, box->broker_pid);
	box->broker_pid = 0;
	box->broker_cpu_ns = clock_cpu_ns(&usage);
}

/*
 * Whatever the job left: children that outlived it, its broker. What a job that
 * changes the host started and left in good order (a service) may stay.
 */
static void clear_up(struct serve *serve, struct box *box, struct launch_outcome *outcome)
{
	bool may_leave =
		box->rules->tree == TREE_NONE && !box->is_killed && outcome->end == LAUNCH_EXITED;

	end_broker(box);
	if (box->leaf && may_leave)
		leaf_release(box->leaf, &serve->cgroups);
	if (box->leaf && !leaf_is_empty(box->leaf))
		kill_leaf(serve, box->leaf);
	if (!may_leave && !(outcome->walls & WALL_PID_NS))
		orphans_kill(serve);
	orphans_reap(serve);
}

static void measure(const struct box *box, struct launch_outcome *outcome)
{
	outcome->elapsed_ns = clock_monotonic_ns() - box->start_ns;
	outcome->cpu_ns += box->broker_cpu_ns;
	if (!box->leaf)
		return;
	outcome->peak_memory_bytes = leaf_peak_bytes(box->leaf);
	if (leaf_ran_out_of_memory(box->leaf))
		outcome->end = LAUNCH_OUT_OF_MEMORY;
}

/* NULL: it has not said that it is alone. */
static const struct report *find_farewell(const struct box *box)
{
	const struct report *last = box->reports + box->n_reports - 1;

	return box->n_reports > 0 && last->kind == REPORT_ENDED && last->is_alone ? last : NULL;
}

bool box_end_early(struct box *box, struct launch_outcome *outcome_out)
{
	struct launch_outcome outcome = { .id = box->id, .was_waiting = box->was_waiting };
	const struct report *farewell;

	tell_reports(box, &outcome);
	farewell = find_farewell(box);
	if (!farewell || box->is_killed || box->is_waiting || !box->leaf ||
	    !(outcome.walls & WALL_CGROUP))
		return false;
	end_broker(box);
	if (!leaf_has_none_but(box->leaf, box->pid))
		return false;
	outcome.cpu_ns = farewell->cpu_ns;
	measure(box, &outcome);
	box->is_answered = true;
	box->deadline_ns = clock_monotonic_ns() + GIVE_UP_NS;
	*outcome_out = outcome;
	return true;
}

void box_dismiss(const struct box *box)
{
	(void)kernel_pidfd_send_signal(box->pidfd, SIGKILL);
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
	tell_reports(box, &outcome);
	if (gone == box->pid)
		clear_up(serve, box, &outcome);
	else
		(void)snprintf(outcome.why, sizeof(outcome.why),
			       "a process of it sleeps in the kernel and cannot be killed yet");
	outcome.cpu_ns = clock_cpu_ns(&usage);
	outcome.peak_memory_bytes = (uint64_t)usage.ru_maxrss * KIB;
	measure(box, &outcome);
	if (box->is_killed)
		outcome.end = box->end;
	fd_close(&box->pidfd);
	fd_close(&box->report_fd);
	fd_close(&box->order_fd);
	fd_close(&box->broker_fd);
	box->is_used = false;
	*outcome_out = outcome;
}

static void await_end(struct box *box, uint64_t until_ns)
{
	struct pollfd ended = { .fd = box->pidfd, .events = POLLIN };
	uint64_t now_ns = clock_monotonic_ns();

	box->given_up_ns = until_ns;
	(void)poll(&ended, 1, now_ns < until_ns ? (int)((until_ns - now_ns) / NS_PER_MS) + 1 : 0);
}

void boxes_end(struct serve *serve)
{
	uint64_t until_ns = clock_monotonic_ns() + END_NS;

	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++)
		if (serve->boxes[i].is_used)
			box_kill(serve, &serve->boxes[i], LAUNCH_CANCELLED);
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		struct launch_outcome outcome;

		if (!serve->boxes[i].is_used)
			continue;
		await_end(&serve->boxes[i], until_ns);
		box_finish(serve, &serve->boxes[i], &outcome);
	}
}
