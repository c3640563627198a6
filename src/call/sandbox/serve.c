#include "call/sandbox/serve_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
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
		    serve->boxes[i].id == id)
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
	uint64_t next = UINT64_MAX;

	for (size_t i = 0; i < ARRAY_LEN(serve->boxes); i++) {
		const struct box *box = &serve->boxes[i];
		uint64_t at = box->is_killed ? box->given_up_ns : box->deadline_ns;

		if (box->is_used && at < next)
			next = at;
	}
	if (next == UINT64_MAX)
		return -1;
	/* Rounded up, or the loop would spin through the last millisecond. */
	return next <= now_ns ? 0 : (int)((next - now_ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void finish_box(struct serve *serve, struct box *box)
{
	struct launch_outcome outcome = { 0 };

	box_finish(serve, box, &outcome);
	if (box->is_waiting)
		return;
	standby_note_end(serve, &outcome);
	answer(serve, &outcome);
}

static void handle_times(struct serve *serve, uint64_t now_ns)
{
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
	/* Whoever was just answered may wait for this very CPU. */
	(void)sched_yield();
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

/* A host that mounts all day wakes it once after a job, not each time. */
static bool turn(struct serve *serve)
{
	struct pollfd polls[2 + LAUNCHER_MAX_JOBS] = {
		{ .fd = serve->fd, .events = POLLIN },
		{ .fd = has_trees(serve) ? serve->mount_table : -1, .events = POLLPRI },
	};
	int timeout = poll_timeout_ms(serve, clock_monotonic_ns());

	skip_mount_changes(serve);
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++)
		polls[2 + i] = (struct pollfd) {
			.fd = serve->boxes[i].is_used ? serve->boxes[i].pidfd : -1,
			.events = POLLIN,
		};
	if (await(serve, polls, ARRAY_LEN(polls), timeout) < 0 && errno != EINTR)
		return false;
	if (polls[1].revents) {
		start_forget_trees(serve);
		standby_drop(serve);
	}
	skip_mount_changes(serve);
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++)
		if (polls[2 + i].revents)
			finish_box(serve, &serve->boxes[i]);
	handle_times(serve, clock_monotonic_ns());
	return !polls[0].revents || handle_socket(serve);
}

static void open_executables(struct serve *serve, const char *directory)
{
	int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);

	for (unsigned i = 0; i < JOB_N; i++)
		serve->executables[i] =
			openat(dir, job_executable_name(i), O_PATH | O_CLOEXEC | O_NOFOLLOW);
	serve->broker_executable = openat(dir, "constable-broker", O_PATH | O_CLOEXEC | O_NOFOLLOW);
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

/* Keeps standard error and its socket; secrets of the parent go with the rest. */
static void forget_parent(struct serve *serve)
{
	sigset_t none;

	(void)prctl(PR_SET_NAME, "launcher", 0, 0, 0);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (serve->fd > 3)
		(void)close_range(3, (unsigned)serve->fd - 1, 0);
	(void)close_range((unsigned)serve->fd + 1, ~0U, 0);
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	(void)signal(SIGINT, SIG_IGN); /* of a terminal: the peer decides when to end */
	(void)signal(SIGPIPE, SIG_IGN);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void end(struct serve *serve)
{
	for (size_t i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		struct launch_outcome outcome;

		if (serve->boxes[i].is_used) {
			box_kill(serve, &serve->boxes[i], LAUNCH_CANCELLED);
			box_finish(serve, &serve->boxes[i], &outcome);
		}
		if (serve->has_leaf[i])
			leaf_close(&serve->leaves[i], &serve->cgroups);
	}
	cgroups_close(&serve->cgroups);
	_exit(0);
}

_Noreturn void serve_run(int fd, const struct launcher_config *config)
{
	static struct serve serve; /* too large for a stack; this process has one */

	serve.fd = fd;
	serve.test = hooks_of(config);
	serve.walls_optional = config->walls_optional;
	serve.roots = restricted_roots(config->roots);
	serve.namespaces = config->namespaces;
	(void)snprintf(serve.host_root, sizeof(serve.host_root), "%s", config->host_root);
	forget_parent(&serve);
	open_executables(&serve, config->executables_dir);
	serve.mount_table = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	for (unsigned i = 0; i < N_TREES; i++)
		serve.trees[i] = (struct tree) { .mount_ns = -1, .net_ns = -1 };
	serve.powers = walls_powers(&serve.test);
	serve.n_groups = groups_that_read_logs(serve.groups, PLAN_MAX_GROUPS);
	serve.pidfd = kernel_pidfd_open_self();
	cgroups_open(&serve.cgroups,
		     serve.test.features_off | (serve.powers.is_privileged ? 0 : FEATURE_CGROUPS),
		     config->group);
	while (turn(&serve))
		;
	end(&serve);
}
