#include "call/sandbox/serve_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/groups_internal.h"
#include "call/sandbox/hooks_internal.h"
#include "call/sandbox/kernel_internal.h"
#include "call/sandbox/standby_internal.h"

static void answer(struct serve *serve, const struct launch_outcome *outcome)
{
	ssize_t sent;

	/* Blocking: the warden reads its outcomes, and a lost one would be worse. */
	do
		sent = send(serve->fd, outcome, sizeof(*outcome), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
}

static void refuse(struct serve *serve, uint64_t id, const struct error *err)
{
	struct launch_outcome outcome = { .id = id, .end = LAUNCH_REFUSED };

	(void)snprintf(outcome.why, sizeof(outcome.why), "%s", err->text);
	answer(serve, &outcome);
}

static struct box *find_box(struct serve *serve, uint64_t id)
{
	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++)
		if (serve->boxes[i].is_used && !serve->boxes[i].is_waiting &&
		    !serve->boxes[i].is_answered && serve->boxes[i].id == id)
			return &serve->boxes[i];
	return NULL;
}

static bool is_tool_name(const char name[LAUNCH_TOOL_BYTES])
{
	size_t len = strnlen(name, LAUNCH_TOOL_BYTES);

	return len && len < LAUNCH_TOOL_BYTES &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == len;
}

static int check_record(struct serve *serve, const struct launch_record *record, int n_fds,
			struct error *err)
{
	if (record->profile >= PROFILE_N || record->profile == PROFILE_INVESTIGATOR)
		return error_set(err, -EINVAL, "no such profile for a job");
	if (record->executable >= JOB_N || serve->executables[record->executable] < 0)
		return error_set(err, -ENOENT, "that job executable is not installed");
	if (record->target >= TARGET_N)
		return error_set(err, -EINVAL, "no such target");
	if (!is_tool_name(record->tool))
		return error_set(err, -EINVAL, "no name of a tool");
	if (n_fds != 3)
		return error_set(err, -EINVAL, "a job needs three descriptors");
	if (record->root_set >= serve->n_root_sets)
		return error_set(err, -EINVAL, "no such set of roots");
	if (!record->limits.wall_ns || !record->limits.memory_bytes || !record->limits.n_files)
		return error_set(err, -EINVAL, "a job needs limits");
	if (find_box(serve, record->id))
		return error_set(err, -EEXIST, "this job runs already");
	return 0;
}

static void handle_record(struct serve *serve, const struct launch_record *record, int *fds,
			  int n_fds)
{
	struct error err = { 0 };
	struct box *box;

	if (record->kind == LAUNCH_CANCEL) {
		box = find_box(serve, record->id);
		if (box)
			box_kill(serve, box, LAUNCH_CANCELLED);
		return;
	}
	if (record->kind == LAUNCH_CONTACT) {
		stewardship_tell_contact(serve, record->id);
		return;
	}
	if (record->kind != LAUNCH_RUN)
		error_set(&err, -EINVAL, "no such kind of record");
	else if (check_record(serve, record, n_fds, &err) == 0)
		start_box(serve, record, fds, &err);
	if (err.code)
		refuse(serve, record->id, &err);
}

static int take_fds(struct msghdr *message, int fds[3])
{
	struct cmsghdr *header = CMSG_FIRSTHDR(message);
	size_t n;

	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (n > 3)
		n = 3;
	memcpy(fds, CMSG_DATA(header), n * sizeof(int));
	return (int)n;
}

/* False when the peer is gone. */
static bool handle_socket(struct serve *serve)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(3 * sizeof(int))];
	} control;
	struct launch_record record;
	struct iovec piece = { .iov_base = &record, .iov_len = sizeof(record) };
	struct msghdr message = {
		.msg_iov = &piece,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int fds[3] = { -1, -1, -1 };
	ssize_t got = recvmsg(serve->fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	int n_fds;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0)
		return false;
	n_fds = take_fds(&message, fds);
	if (got == sizeof(record))
		handle_record(serve, &record, fds, n_fds);
	for (size_t i = 0; i < ARRAY_LEN(fds); i++)
		fd_cleanup(&fds[i]);
	return true;
}

static int poll_timeout_ms(const struct serve *serve, uint64_t now_ns)
{
	uint64_t next = stewardship_again_ns(serve);

	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++) {
		const struct box *box = &serve->boxes[i];
		uint64_t at = box->is_killed ? box->given_up_ns : box->deadline_ns;

		if (box->is_used && at < next)
			next = at;
	}
	if (serve->processes.loader && serve->processes.deadline_ns < next)
		next = serve->processes.deadline_ns;
	if (next == UINT64_MAX)
		return -1;
	/* Rounded up, or the loop would spin through the last millisecond. */
	return next <= now_ns ? 0 : (int)((next - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void finish_box(struct serve *serve, struct box *box)
{
	struct launch_outcome outcome = { 0 };

	box_finish(serve, box, &outcome);
	if (box->is_waiting || box->is_answered)
		return;
	standby_note_end(serve, &outcome);
	answer(serve, &outcome);
}

/* Whoever was just answered may wait for this very CPU. */
static void let_others_run(void)
{
	(void)sched_yield();
}

static void end_early(struct serve *serve, struct box *box)
{
	struct launch_outcome outcome;

	if (box_end_early(box, &outcome)) {
		answer(serve, &outcome);
		standby_note_end(serve, &outcome);
		let_others_run();
	}
	box_dismiss(box);
}

static void handle_times(struct serve *serve, uint64_t now_ns)
{
	if (serve->processes.loader && now_ns >= serve->processes.deadline_ns)
		processes_take(serve);
	stewardship_tick(serve, now_ns);
	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++) {
		struct box *box = &serve->boxes[i];

		if (!box->is_used)
			continue;
		if (box->is_killed && now_ns >= box->given_up_ns)
			finish_box(serve, box);
		else if (!box->is_killed && now_ns >= box->deadline_ns)
			box_kill(serve, box, LAUNCH_TIMED_OUT);
	}
}

/* The next sandbox is raised when there is nothing else to do; the turn after
 * this one watches it. */
static int await(struct serve *serve, struct pollfd *polls, size_t n, int timeout)
{
	int r;

	if (!standby_is_wanted(serve))
		return poll(polls, n, timeout);
	let_others_run();
	r = poll(polls, n, 0);
	if (r == 0)
		standby_raise(serve);
	return r;
}

static bool has_trees(const struct serve *serve)
{
	for (unsigned i = 0; i < N_TREES; i++)
		if (serve->trees[i].mount_ns >= 0)
			return true;
	return false;
}

/* What changed before there is a tree concerns none: from here on, later changes are told. */
static void skip_mount_changes(const struct serve *serve)
{
	struct pollfd table = { .fd = serve->mount_table, .events = POLLPRI };

	if (!has_trees(serve))
		(void)poll(&table, 1, 0);
}

/* What is watched of a box. */
enum watched {
	WATCH_END,
	WATCH_REPORTS, /* that nobody can write any more */
	WATCH_BROKER,  /* the question that starts it */
	WATCH_N,
};

/* Adds those of each box that is used; returns how many boxes. */
static size_t watch_boxes(struct serve *serve, struct pollfd *polls,
			  struct box *watched[LAUNCHER_MAX_JOBS])
{
	size_t n = 0;

	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		struct box *box = &serve->boxes[i];

		if (!box->is_used)
			continue;
		polls[WATCH_END] = (struct pollfd) { box->pidfd, POLLIN, 0 };
		polls[WATCH_REPORTS] =
			(struct pollfd) { box->has_init && box->n_reports < 0 ? box->report_fd : -1,
					  0, 0 };
		polls[WATCH_BROKER] =
			(struct pollfd) { box->is_answered ? -1 : box->broker_fd, POLLIN, 0 };
		polls += WATCH_N;
		watched[n++] = box;
	}
	return n;
}

static void look_at_box(struct serve *serve, struct box *box, const struct pollfd polls[WATCH_N])
{
	if (polls[WATCH_END].revents)
		finish_box(serve, box);
	else if (polls[WATCH_REPORTS].revents)
		end_early(serve, box);
	else if (polls[WATCH_BROKER].revents & ~POLLIN)
		fd_close(&box->broker_fd); /* closed, which is readable too */
	else if (polls[WATCH_BROKER].revents)
		start_broker(serve, box);
}

#define N_OWN 4 /* what is watched beside the boxes */

/* A host that mounts all day wakes it once after a job, not each time. */
static bool turn(struct serve *serve)
{
	struct pollfd polls[N_OWN + WATCH_N * LAUNCHER_MAX_JOBS] = {
		{ .fd = serve->fd, .events = POLLIN },
		{ .fd = has_trees(serve) ? serve->mount_table : -1, .events = POLLPRI },
		{ .fd = serve->processes.loader ? serve->processes.answer_fd : -1,
		  .events = POLLIN },
		{ .fd = serve->stewardship.fd, .events = POLLIN },
	};
	struct box *watched[LAUNCHER_MAX_JOBS];
	int timeout = poll_timeout_ms(serve, clock_monotonic_ns());
	size_t n = watch_boxes(serve, polls + N_OWN, watched);

	skip_mount_changes(serve);
	if (await(serve, polls, N_OWN + n * WATCH_N, timeout) < 0 && errno != EINTR)
		return false;
	if (polls[1].revents) {
		start_forget_trees(serve);
		standby_drop(serve);
	}
	skip_mount_changes(serve);
	if (polls[2].revents)
		processes_take(serve);
	if (polls[3].revents)
		stewardship_serve(serve);
	for (size_t i = 0; i < n; i++)
		look_at_box(serve, watched[i], polls + N_OWN + i * WATCH_N);
	handle_times(serve, clock_monotonic_ns());
	return !polls[0].revents || handle_socket(serve);
}

static void open_executables(struct serve *serve, const char *directory)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < JOB_N; i++)
		serve->executables[i] =
			openat(dir, job_executable_name(i), O_PATH | O_CLOEXEC | O_NOFOLLOW);
	for (unsigned i = 0; i < HELPER_N; i++)
		serve->helper_executables[i] =
			openat(dir, helper_name(i), O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (dir >= 0)
		close(dir);
}

/* NULL where they hold nobody to anything. */
static const char *const *restricted_roots(const char *const *roots)
{
	for (const char *const *at = roots; at && *at; at++)
		if (strcmp(*at, "/") == 0)
			return NULL;
	return roots;
}

static void take_roots(struct serve *serve, const struct launcher_config *config)
{
	const char *const *const *roots = config->roots;

	serve->n_root_sets = 1;
	for (unsigned i = 0; roots && i < LAUNCHER_MAX_ROOT_SETS && roots[i]; i++) {
		serve->roots[i] = restricted_roots(roots[i]);
		serve->n_root_sets = i + 1;
	}
}

static _Noreturn void end(struct serve *serve)
{
	boxes_end(serve);
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++)
		if (serve->has_leaf[i])
			leaf_close(&serve->leaves[i], &serve->cgroups);
	stewardship_end(serve);
	cgroups_close(&serve->cgroups);
	_exit(0);
}

_Noreturn void serve_run(int fd, const struct launcher_config *config)
{
	static struct serve serve; /* too large for a stack; this process has one */

	serve.fd = fd;
	serve.test = hooks_of(config);
	serve.walls_optional = config->walls_optional;
	take_roots(&serve, config);
	serve.namespaces = config->namespaces;
	(void)snprintf(serve.host_root, sizeof(serve.host_root), "%s", config->host_root);
	serve_forget_parent(serve.fd);
	open_executables(&serve, config->executables_dir);
	serve.mount_table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < N_TREES; i++)
		serve.trees[i] = (struct tree) { .mount_ns = -1, .net_ns = -1 };
	serve.powers = walls_powers(&serve.test);
	serve.n_groups = groups_that_read_logs(serve.groups, PLAN_MAX_GROUPS);
	serve.pidfd = kernel_pidfd_open_self();
	serve.processes = (struct processes) { .answer_fd = -1, .link_fd = -1 };
	serve.processes.is_forbidden = config->without_process_iterator;
	serve.programs = config->programs;
	serve.executables_dir = config->executables_dir;
	serve.stewardship.fd = -1;
	cgroups_open(&serve.cgroups,
		     serve.test.features_off | (serve.powers.is_privileged ? 0 : FEATURE_CGROUPS),
		     config->group);
	if (serve.programs.at_start)
		stewardship_resume(&serve);
	while (turn(&serve))
		;
	end(&serve);
}
