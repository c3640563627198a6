#include "call/sandbox/serve_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/clone_internal.h"
#include "call/sandbox/filter_internal.h"
#include "call/sandbox/groups_internal.h"
#include "call/sandbox/standby_internal.h"
#include "call/sandbox/start_internal.h"

/* How long a sandbox waits for a job before it is given up. */
#define WAIT_NS (10 * NS_PER_SEC)

/* How long a job waits for the place of one that is over. */
#define ROOM_MS 1000

/* --- what is kept warm ------------------------------------------------------------- */

static const struct sock_fprog *find_filter(struct serve *serve, unsigned number, unsigned calls)
{
	struct filter *filter = &serve->filters[number];

	if (filter->is_built)
		return &filter->program;
	if (filter_build(&filter->code, calls) < 0)
		return NULL;
	filter->program = (struct sock_fprog) {
		.len = (unsigned short)filter->code.n,
		.filter = filter->code.code,
	};
	filter->is_built = true;
	return &filter->program;
}

static bool has_sockets(const struct launch_record *record)
{
	return record->profile == PROFILE_PROBE && target_of(record->target)->sockets[0];
}

/* NULL where there can be none: the child then builds its own, and says what fails. */
static const struct tree *find_tree(struct serve *serve, const struct plan *plan,
				    const struct launch_record *record)
{
	unsigned number = has_sockets(record) ? record->target : TREE_PLAIN;
	struct tree *tree = &serve->trees[number];
	struct error ignored = { 0 };
	struct tree_request request = {
		.kind = TREE_HOST,
		.walls = (WALL_READ_ONLY | WALL_MASKS | WALL_NET_NS) & ~serve->test.walls_off,
		.features_off = serve->test.features_off,
		.target = has_sockets(record) ? plan->target : NULL,
		.namespaces = serve->namespaces,
	};

	if (!serve->powers.is_privileged || !(plan->walls_wanted & WALL_MOUNT_NS))
		return NULL;
	if (tree->mount_ns < 0 && tree_open(tree, &request, &ignored) < 0)
		return NULL;
	return tree;
}

void start_forget_trees(struct serve *serve)
{
	for (unsigned i = 0; i < N_TREES; i++)
		tree_close(&serve->trees[i]);
}

/* A leaf is kept for each place; what cannot be had is left out of the walls. */
static struct leaf *find_leaf(struct serve *serve, unsigned place)
{
	struct leaf *leaf = &serve->leaves[place];

	if (!serve->powers.is_privileged || serve->test.walls_off & WALL_CGROUP)
		return NULL;
	if (serve->has_leaf[place])
		return leaf;
	if (leaf_open(leaf, &serve->cgroups, place) < 0) {
		leaf_close(leaf, &serve->cgroups);
		return NULL;
	}
	serve->has_leaf[place] = true;
	return leaf;
}

/* --- the plan ------------------------------------------------------------------------ */

void start_set_powers(struct plan *plan, struct serve *serve)
{
	plan->test = &serve->test;
	plan->powers = serve->powers.is_privileged ? PLAN_PRIVILEGED : PLAN_PLAIN_USER;
	plan->landlock_abi = serve->powers.landlock_abi;
	plan->roots = serve->roots[0];
	plan->namespaces = serve->namespaces;
	plan->uid = getuid();
	plan->gid = getgid();
	plan->broker_fd = plan->bus_fd = plan->report_fd = plan->order_fd = -1;
	plan->processes_fd = -1;
	for (size_t i = 0; i < PLAN_MAX_LEAF_FDS; i++)
		plan->leaf_fds[i] = -1;
}

void start_set_walls(struct plan *plan, struct serve *serve, const struct rules *rules,
		     unsigned filter, unsigned more_calls)
{
	struct walls_choice walls =
		walls_choose(rules, &serve->powers, serve->test.walls_off, serve->walls_optional);

	plan->rules = rules;
	plan->walls_wanted = walls.wanted;
	plan->walls_mandatory = walls.mandatory;
	plan->filter = find_filter(serve, filter, walls.calls | more_calls);
}

/* --- who helps it ----------------------------------------------------------------------- */

/* The job's end, or -1: then its questions fail, and it says so in "unread". */
static int connect_broker(struct serve *serve, struct box *box)
{
	int ends[2];

	if (serve->helper_executables[HELPER_BROKER] < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	box->broker_fd = ends[1];
	return ends[0];
}

void start_broker(struct serve *serve, struct box *box)
{
	box->broker_pid = start_helper(serve, HELPER_BROKER, box->leaf, box->broker_fd, NULL);
	fd_close(&box->broker_fd);
}

static void inherit(struct serve *serve, struct box *box, const struct launch_record *record,
		    struct inheritance *more)
{
	*more = (struct inheritance) { -1, -1 };
	if (record->needs_steward)
		more->broker_fd =
			stewardship_connect(serve, record->needs_steward == LAUNCH_STEWARD_CHANGES);
	else if (record->needs_broker)
		more->broker_fd = connect_broker(serve, box);
	if (record->needs_processes)
		more->processes_fd = processes_open(serve);
}

static void inheritance_cleanup(struct inheritance *more)
{
	fd_close(&more->broker_fd);
	fd_close(&more->processes_fd);
}

/* --- the job ------------------------------------------------------------------------------ */

static struct box *find_free(struct serve *serve)
{
	for (unsigned i = 0; i < LAUNCHER_MAX_JOBS; i++) {
		if (serve->boxes[i].is_used)
			continue;
		serve->boxes[i] = (struct box) {
			.place = i,
			.pidfd = -1,
			.report_fd = -1,
			.order_fd = -1,
			.broker_fd = -1,
			.n_reports = -1,
		};
		return &serve->boxes[i];
	}
	return NULL;
}

/* Whether it soon is, now that it makes room. */
static bool is_gone(struct serve *serve, struct box *box)
{
	struct pollfd end = { .fd = box->pidfd, .events = POLLIN };

	if (box->is_waiting)
		box_kill(serve, box, LAUNCH_CANCELLED);
	return (box->is_answered || box->is_waiting) && poll(&end, 1, ROOM_MS) > 0;
}

/* A job that is there comes before one that may come, or is over. */
static struct box *find_place(struct serve *serve)
{
	struct box *box = find_free(serve);
	struct launch_outcome unasked;

	for (size_t i = 0; !box && i < LAUNCHER_MAX_JOBS; i++) {
		if (!is_gone(serve, &serve->boxes[i]))
			continue;
		box_finish(serve, &serve->boxes[i], &unasked);
		box = find_free(serve);
	}
	return box;
}

static void run_plan(struct serve *serve, struct plan *plan, struct box *box, struct error *err)
{
	int report[2];

	if (pipe2(report, O_CLOEXEC | O_NONBLOCK) < 0) {
		error_errno(err, "make a pipe");
		return;
	}
	plan->report_fd = report[1];
	box->report_fd = report[0];
	box->pid = clone_run(serve, plan, box->leaf, &box->pidfd);
	if (box->pid < 0)
		error_errno(err, "clone a sandbox");
	box->is_used = box->pid > 0;
	box->has_init = plan->walls_wanted & WALL_PID_NS;
	close(report[1]);
	if (!box->is_used)
		fd_close(&box->report_fd);
}

static void set_identity(struct plan *plan, const struct serve *serve, const struct box *box)
{
	uid_t uid;
	gid_t gid;

	if (!serve->powers.is_privileged && !serve->powers.can_change_user)
		return;
	plan->identity = PLAN_OWN_USER;
	plan->uid = plan->gid = FIRST_UID + box->place;
	plan->n_groups = serve->n_groups;
	memcpy(plan->groups, serve->groups, sizeof(plan->groups));
	if (plan->target && plan->target->user &&
	    groups_find_user(plan->target->user, &uid, &gid)) {
		plan->identity = PLAN_SHARED_USER;
		plan->uid = uid;
		plan->gid = gid;
	}
}

static void take_leaf(struct serve *serve, struct plan *plan, struct box *box)
{
	if (!(plan->walls_wanted & WALL_CGROUP))
		return;
	box->leaf = find_leaf(serve, box->place);
	if (box->leaf && leaf_prepare(box->leaf, &plan->limits) < 0)
		box->leaf = NULL;
	if (!box->leaf)
		plan->walls_wanted &= ~(uint32_t)WALL_CGROUP;
}

/* All but what only the job itself brings. */
static void make_plan(struct serve *serve, struct plan *plan, struct box *box,
		      const struct launch_record *record)
{
	*plan = (struct plan) {
		.limits = record->limits,
		.stdio = { -1, -1, -1 },
		.executable_fd = serve->executables[record->executable],
		.bus = record->needs_bus ? PLAN_BUS : PLAN_NO_BUS,
		.record = *record,
		.host_root = serve->host_root,
	};
	plan->argv = plan->line.argv;
	start_set_powers(plan, serve);
	plan->roots = serve->roots[record->root_set];
	start_set_walls(plan, serve, rules_of(record->profile),
			has_sockets(record) ? FILTER_UNIX : record->profile,
			has_sockets(record) ? CALLS_UNIX : 0);
	if (record->profile == PROFILE_PROBE)
		plan->target = target_of(record->target);
	set_identity(plan, serve, box);
	plan->tree = find_tree(serve, plan, record);
	take_leaf(serve, plan, box);
	box->rules = plan->rules;
}

static void set_times(struct box *box, uint64_t wall_ns)
{
	box->start_ns = clock_monotonic_ns();
	box->deadline_ns = box->start_ns + wall_ns;
}

void start_waiting(struct serve *serve, const struct launch_record *kind)
{
	struct box *box = find_free(serve);
	struct error ignored = { 0 };
	struct plan plan;
	int ends[2];

	if (!box)
		return;
	make_plan(serve, &plan, box, kind);
	/* A tree of its own would not be given up when the mounts change: nobody looks. */
	if (plan.walls_wanted & WALL_MOUNT_NS && !plan.tree)
		return;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return;
	set_times(box, WAIT_NS);
	plan.order_fd = ends[1];
	box->order_fd = ends[0];
	run_plan(serve, &plan, box, &ignored);
	box->is_waiting = box->was_waiting = box->is_used;
	close(ends[1]);
	if (!box->is_used)
		fd_close(&box->order_fd);
}

/* False: it is lost, and another must be started. */
static bool order_waiting(struct serve *serve, struct box *box, const struct launch_record *record,
			  const int fds[3])
{
	CLEANUP(inheritance) struct inheritance more = { -1, -1 };
	int r = box->leaf ? leaf_set_limits(box->leaf, &record->limits) : 0;

	if (r == 0) {
		inherit(serve, box, record, &more);
		r = order_send(box->order_fd, record, fds, &more);
	}
	fd_close(&box->order_fd);
	if (r < 0) {
		box_kill(serve, box, LAUNCH_CANCELLED);
		return false;
	}
	box->is_waiting = false;
	box->id = record->id;
	return true;
}

void start_box(struct serve *serve, const struct launch_record *record, const int fds[3],
	       struct error *err)
{
	struct box *box = standby_find(serve, record);
	CLEANUP(inheritance) struct inheritance more = { -1, -1 };
	struct plan plan;

	if (box) {
		set_times(box, record->limits.wall_ns);
		if (order_waiting(serve, box, record, fds))
			return;
	}
	box = find_place(serve);
	if (!box) {
		error_set(err, -EBUSY, "%d jobs run already", LAUNCHER_MAX_JOBS);
		return;
	}
	make_plan(serve, &plan, box, record);
	memcpy(plan.stdio, fds, sizeof(plan.stdio));
	box->id = record->id;
	set_times(box, record->limits.wall_ns);
	inherit(serve, box, record, &more);
	plan.broker_fd = more.broker_fd;
	plan.processes_fd = more.processes_fd;
	command_line_build(&plan.line, &plan.record, plan.host_root, plan.processes_fd);
	run_plan(serve, &plan, box, err);
}
