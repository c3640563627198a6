#include "call/sandbox/serve_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/walls_internal.h"

/* Jobs that run at the same time have different uids, so they cannot touch each other. */
#define FIRST_UID 64000

/* How long a killed job may linger (uninterruptible sleep) before we answer without it. */
#define GIVE_UP_NS (10 * NS_PER_SEC)

struct command_line {
	char deadline[24], broker[12];
	char *argv[9];
};

static void build_argv(struct command_line *line, const struct serve *serve,
		       const struct launch_record *record)
{
	uint64_t wall_ms = record->limits.wall_ns / NS_PER_MS;
	uint64_t spare_ms = wall_ms / 10 < 2000 ? wall_ms / 10 : 2000;
	size_t n = 0;

	/* A little less than the launcher grants: time to write what was found. */
	(void)snprintf(line->deadline, sizeof(line->deadline), "%" PRIu64, wall_ms - spare_ms);
	line->argv[n++] = (char *)job_executable_name(record->executable);
	line->argv[n++] = (char *)record->tool;
	line->argv[n++] = (char *)"--deadline-ms";
	line->argv[n++] = line->deadline;
	if (record->needs_broker) {
		(void)snprintf(line->broker, sizeof(line->broker), "%d", PLAN_FD_BROKER);
		line->argv[n++] = (char *)"--broker";
		line->argv[n++] = line->broker;
	}
	if (strcmp(serve->host_root, "/") != 0) {
		line->argv[n++] = (char *)"--root";
		line->argv[n++] = (char *)serve->host_root;
	}
	line->argv[n] = NULL;
}

static uint64_t clone_flags(uint32_t walls)
{
	static const struct {
		enum sandbox_wall wall;
		uint64_t flag;
	} table[] = {
		{ WALL_USER_NS, CLONE_NEWUSER }, { WALL_PID_NS, CLONE_NEWPID },
		{ WALL_IPC_NS, CLONE_NEWIPC },   { WALL_UTS_NS, CLONE_NEWUTS },
		{ WALL_NET_NS, CLONE_NEWNET },
	};
	uint64_t flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (walls & table[i].wall)
			flags |= table[i].flag;
	return flags;
}

static int clone_child(struct plan *plan, struct box *box, struct error *err)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = CLONE_PIDFD | clone_flags(plan->walls_wanted),
		.pidfd = (uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = kernel_clone3(&args);

	if (pid == 0)
		child_run(plan);
	if (pid < 0)
		return error_errno(err, "clone a sandbox");
	box->pid = pid;
	box->pidfd = pidfd;
	return 0;
}

static struct box *find_place(struct serve *serve)
{
	for (unsigned i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		if (serve->boxes[i].is_used)
			continue;
		serve->boxes[i] = (struct box) { .place = i, .pidfd = -1, .report_fd = -1 };
		return &serve->boxes[i];
	}
	return NULL;
}

static void run_plan(struct plan *plan, struct box *box, struct error *err)
{
	int report[2];

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0) {
		error_errno(err, "make a pipe");
		return;
	}
	plan->report_fd = report[1];
	box->report_fd = report[0];
	box->is_used = clone_child(plan, box, err) == 0;
	close(report[1]);
	if (!box->is_used)
		fd_close(&box->report_fd);
}

void box_start(struct serve *serve, const struct launch_record *record, const int fds[3],
	       struct error *err)
{
	const struct rules *rules = rules_of(record->profile);
	struct walls_choice walls =
		walls_choose(rules, &serve->test, serve->walls_optional, serve->is_privileged);
	struct box *box = find_place(serve);
	struct command_line line;
	struct plan plan = {
		.rules = rules,
		.limits = record->limits,
		.test = &serve->test,
		.walls_wanted = walls.wanted,
		.walls_mandatory = walls.mandatory,
		.n_groups = serve->n_groups,
		.stdio = { fds[0], fds[1], fds[2] },
		.broker_fd = -1,
		.executable_fd = serve->executables[record->executable],
		.leaf_fds = { -1, -1, -1, -1 },
		.argv = line.argv,
	};

	if (!box) {
		error_set(err, -EBUSY, "%d jobs run already", LAUNCHER_MAX_JOBS);
		return;
	}
	build_argv(&line, serve, record);
	plan.uid = plan.gid = FIRST_UID + box->place;
	memcpy(plan.groups, serve->groups, sizeof(plan.groups));
	box->id = record->id;
	box->rules = rules;
	box->start_ns = clock_monotonic_ns();
	box->deadline_ns = box->start_ns + record->limits.wall_ns;
	run_plan(&plan, box, err);
}

void box_kill(struct serve *serve UNUSED, struct box *box, enum launch_end why)
{
	if (box->is_killed)
		return;
	box->is_killed = true;
	box->end = why;
	box->given_up_ns = clock_monotonic_ns() + GIVE_UP_NS;
	(void)kernel_pidfd_send_signal(box->pidfd, SIGKILL);
}

static void read_reports(struct box *box, struct launch_outcome *outcome)
{
	struct report report;

	while (read(box->report_fd, &report, sizeof(report)) == sizeof(report)) {
		switch (report.kind) {
		case REPORT_FAILED:
			outcome->status = SANDBOX_FAILED;
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

void box_finish(struct serve *serve UNUSED, struct box *box, struct launch_outcome *outcome_out)
{
	struct rusage usage = { 0 };
	int status = 0;
	int flags = box->is_killed && clock_monotonic_ns() < box->given_up_ns ? 0 : WNOHANG;
	pid_t gone = wait4(box->pid, &status, flags, &usage);

	*outcome_out = (struct launch_outcome) { .id = box->id, .end = LAUNCH_EXITED };
	if (gone == box->pid && WIFSIGNALED(status))
		*outcome_out = (struct launch_outcome) { .id = box->id,
							 .end = LAUNCH_KILLED,
							 .status = WTERMSIG(status) };
	read_reports(box, outcome_out);
	if (box->is_killed)
		outcome_out->end = box->end;
	if (gone != box->pid)
		(void)snprintf(outcome_out->why, sizeof(outcome_out->why),
			       "a process of it sleeps in the kernel and cannot be killed yet");
	outcome_out->elapsed_ns = clock_monotonic_ns() - box->start_ns;
	outcome_out->cpu_ns =
		(uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_SEC +
		(uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
	outcome_out->peak_memory_bytes = (uint64_t)usage.ru_maxrss * KIB;
	fd_close(&box->pidfd);
	fd_close(&box->report_fd);
	box->is_used = false;
}
