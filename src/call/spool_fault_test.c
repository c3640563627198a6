/*
 * Spool and audit log together while calls to the kernel fail, the disk fills up and
 * the process is killed: nothing starts twice, no kept result is lost, and every call
 * that is known has exactly one outcome, the same one in both.
 */
#include "call/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/faulty_kernel.h"
#include "base/fd.h"
#include "base/test.h"
#include "call/audit.h"

#define N_CALLS 4
#define AT_MAX 400

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct tool_info alter = { .name = "alter", .risk = TOOL_CHANGES };
static const struct caller ana = { .uid = 7, .who = "uid 7 (ana)" };

struct scene {
	char directory[64];
	struct audit *audit;
	struct spool *spool;
	struct error err;
};

/* What a killed process had promised before: bits that it sets in shared bytes. */
enum promise {
	PROMISE_RAN = 1,
	PROMISE_KEPT = 2,
	PROMISE_FORGETTING = 4,
};

static const char *id_of(int i)
{
	static const char *const ids[N_CALLS] = { "c_0", "c_1", "c_2", "c_3" };

	return ids[i];
}

static const struct tool_info *tool_of(int i)
{
	return i % 2 ? &alter : &look;
}

static void scene_make(struct scene *scene)
{
	text_format(scene->directory, sizeof(scene->directory), "/dev/shm/spool.XXXXXX");
	CHECK(mkdtemp(scene->directory));
}

static bool scene_open(struct scene *scene)
{
	scene->audit = audit_open_unfinished(scene->directory, &scene->err);
	if (!scene->audit)
		return false;
	scene->spool = spool_open(scene->directory, SPOOL_MAKE, &scene->err);
	return scene->spool && spool_settle(scene->spool, scene->audit, &scene->err) == 0 &&
	       audit_begin(scene->audit, &scene->err) == 0;
}

static void close_both(struct scene *scene)
{
	spool_close(TAKE(scene->spool));
	audit_close(TAKE(scene->audit));
}

static void remove_all(const char *path)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* no folder */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(path);
}

static void scene_cleanup(struct scene *scene)
{
	char path[128];

	fault.kind = FAULT_NONE;
	close_both(scene);
	text_format(path, sizeof(path), "%s/spool", scene->directory);
	remove_all(path);
	remove_all(scene->directory);
}

/* --- what a gate does ------------------------------------------------------------------- */

static int start(struct scene *scene, int i)
{
	struct spool_entry entry = {
		.uid = ana.uid,
		.audit_id = audit_next_id(scene->audit),
		.risk = tool_of(i)->risk,
	};

	text_format(entry.call_id, sizeof(entry.call_id), "%s", id_of(i));
	text_format(entry.tool, sizeof(entry.tool), "%s", tool_of(i)->name);
	return spool_start(scene->spool, &entry, &scene->err);
}

static int intend(struct scene *scene, int i, uint64_t audit_id)
{
	struct audit_call call = {
		.id = audit_id,
		.call_id = id_of(i),
		.caller = &ana,
		.tool = tool_of(i),
		.tool_name = tool_of(i)->name,
		.arg_bytes = "{}",
		.n_arg_bytes = 2,
		.decision = "default: allow reads",
	};
	int r = audit_intent(scene->audit, &call, &scene->err);

	if (r < 0 && !audit_is_open(scene->audit, audit_id))
		spool_abandon(scene->spool, id_of(i));
	return r;
}

static int keep(struct scene *scene, int i)
{
	CLEANUP(json) json_t *header = json_pack("{s:i, s:s}", "code", 0, "outcome", "done");
	char body[16];
	struct frame answer = { header, body, 3 };

	text_format(body, sizeof(body), "%s", id_of(i));
	return spool_finish(scene->spool, id_of(i), &answer, &scene->err);
}

static int conclude(struct scene *scene, int i, uint64_t audit_id)
{
	struct audit_outcome outcome = { .id = audit_id, .call_id = id_of(i), .outcome = "done" };

	return audit_outcome(scene->audit, &outcome, &scene->err);
}

static void say(int fd, int i, enum promise promise)
{
	char told[2] = { (char)i, (char)promise };

	CHECK_INT(syscall(SYS_write, fd, told, 2), 2);
}

static void play(struct scene *scene, int i, int fd)
{
	uint64_t audit_id = audit_next_id(scene->audit);

	if (start(scene, i) < 0 || intend(scene, i, audit_id) < 0)
		return;
	say(fd, i, PROMISE_RAN);
	if (i == 3 || keep(scene, i) < 0) /* the last one runs for ever */
		return;
	say(fd, i, PROMISE_KEPT);
	if (conclude(scene, i, audit_id) < 0 || i != 0)
		return;
	say(fd, i, PROMISE_FORGETTING);
	if (spool_forget(scene->spool, id_of(i), &scene->err) < 0)
		return; /* what came of it is seen later */
}

static void play_all(struct scene *scene, int fd)
{
	if (scene_open(scene))
		for (int i = 0; i < N_CALLS; i++)
			play(scene, i, fd);
}

/* --- what must be so afterwards --------------------------------------------------------- */

struct counted {
	int n_intents, n_outcomes;
	char outcome[16];
};

static struct counted count(const struct scene *scene, int i)
{
	struct counted counted = { 0 };
	char path[128], *line, *at;
	CLEANUP(buf) struct buf log = { 0 };
	CLEANUP(fd) int fd = -1;

	text_format(path, sizeof(path), "%s/audit.jsonl", scene->directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_init(&log, 1 * MIB);
	CHECK(fd >= 0 && buf_read_fd(&log, fd) == 0);
	for (line = strtok_r(log.data, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		CLEANUP(json) json_t *entry = json_loads(line, 0, NULL);
		const char *kind = json_get_text(entry, "kind", "");

		if (strcmp(json_get_text(entry, "call_id", ""), id_of(i)) != 0)
			continue;
		counted.n_intents += strcmp(kind, "intent") == 0;
		counted.n_outcomes += strcmp(kind, "outcome") == 0;
		text_format(counted.outcome, sizeof(counted.outcome), "%s",
			    json_get_text(entry, "outcome", ""));
	}
	return counted;
}

static void check_answer(struct scene *scene, int i, int promises, const struct counted *counted)
{
	CLEANUP(frame) struct frame answer = { 0 };

	CHECK_OK(spool_load(scene->spool, id_of(i), &answer, &scene->err), scene->err);
	CHECK_TEXT(json_get_text(answer.header, "outcome", ""), counted->outcome);
	if (strcmp(counted->outcome, "done") == 0)
		CHECK_TEXT(answer.body, id_of(i));
	else
		CHECK_INT(json_get_int(answer.header, "code", 0), -EINTR);
	if (promises & PROMISE_KEPT)
		CHECK_TEXT(counted->outcome, "done");
}

static void check_call(struct scene *scene, int i, int promises)
{
	struct counted counted = count(scene, i);
	const struct spool_entry *entry;
	enum spool_state state;

	CHECK_OK(spool_find(scene->spool, id_of(i), &state, &entry, &scene->err), scene->err);
	CHECK(state != SPOOL_STARTED); /* nothing stays open */
	if (state == SPOOL_UNKNOWN) {
		CHECK(!promises);
		CHECK_INT(counted.n_intents + counted.n_outcomes, 0);
		return;
	}
	CHECK_INT(counted.n_intents, 1);
	CHECK_INT(counted.n_outcomes, 1);
	if (state == SPOOL_FORGOTTEN)
		CHECK(promises & PROMISE_FORGETTING);
	else
		check_answer(scene, i, promises, &counted);
}

static void check_all(struct scene *scene, const int promises[N_CALLS])
{
	CLEANUP(json) json_t *report = json_object();

	if (!scene_open(scene))
		fail_msg("at %d: %s", fault.at, scene->err.text);
	for (int i = 0; i < N_CALLS; i++)
		check_call(scene, i, promises[i]);
	CHECK_OK(audit_verify(scene->directory, report, &scene->err), scene->err);
	CHECK(json_get_bool(report, "ok", false));
	CHECK_INT(json_get_int(report, "open_calls", -1), 0);
	close_both(scene);
}

/* Does it in a process of its own with that fault; how many calls to the kernel it made. */
static int suffer(struct scene *scene, enum fault_kind kind, int at, int promises[N_CALLS],
		  void (*work)(struct scene *scene, int fd))
{
	int pipe_fds[2], status;
	char told[2];
	pid_t child;

	CHECK_INT(pipe2(pipe_fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		fault = (struct faulty_kernel) { .kind = kind, .at = at, .room = 1 * MIB };
		work(scene, pipe_fds[1]);
		_exit(fault.n_calls < at ? 1 : 0);
	}
	(void)close(pipe_fds[1]);
	while (read(pipe_fds[0], told, 2) == 2)
		promises[(int)told[0]] |= told[1];
	(void)close(pipe_fds[0]);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static bool try_fault(enum fault_kind kind, int at)
{
	CLEANUP(scene) struct scene scene = { 0 };
	int promises[N_CALLS] = { 0 }, status;

	scene_make(&scene);
	status = suffer(&scene, kind, at, promises, play_all);
	fault = (struct faulty_kernel) { .at = at };
	check_all(&scene, promises);
	if (kind == FAULT_KILL) /* and it stays so */
		check_all(&scene, promises);
	return status != 1;
}

static void try_every_call(enum fault_kind kind)
{
	int at = 1;

	while (try_fault(kind, at))
		CHECK((at += (int)test_stride()) < AT_MAX);
	CHECK(at > 40);
}

TEST(killed_before_any_call_to_the_kernel)
{
	try_every_call(FAULT_KILL);
}

TEST(killed_after_any_call_to_the_kernel)
{
	try_every_call(FAULT_KILL_AFTER);
}

TEST(killed_in_the_middle_of_any_write)
{
	try_every_call(FAULT_HALF);
}

TEST(any_call_to_the_kernel_fails)
{
	try_every_call(FAULT_ERROR);
}

TEST(the_disk_fills_up_at_any_call_to_the_kernel)
{
	try_every_call(FAULT_FULL);
}

/* --- killed while settling what an earlier kill left ------------------------------------- */

static void leave_all_kinds(struct scene *scene, int fd)
{
	uint64_t audit_id;

	CHECK(scene_open(scene));
	audit_id = audit_next_id(scene->audit);
	CHECK(start(scene, 0) == 0 && intend(scene, 0, audit_id) == 0 && keep(scene, 0) == 0);
	say(fd, 0, PROMISE_RAN | PROMISE_KEPT);
	audit_id = audit_next_id(scene->audit);
	CHECK(start(scene, 1) == 0 && intend(scene, 1, audit_id) == 0);
	say(fd, 1, PROMISE_RAN);
	CHECK(start(scene, 2) == 0);
}

static void settle_only(struct scene *scene, int fd UNUSED)
{
	(void)scene_open(scene); /* it may fail: that is what is tried */
}

static bool try_settling(enum fault_kind kind, int at)
{
	CLEANUP(scene) struct scene scene = { 0 };
	int promises[N_CALLS] = { 0 };
	int status;

	scene_make(&scene);
	(void)suffer(&scene, FAULT_NONE, 0, promises, leave_all_kinds);
	CHECK_INT(promises[1], PROMISE_RAN);
	status = suffer(&scene, kind, at, promises, settle_only);
	fault = (struct faulty_kernel) { .at = at };
	check_all(&scene, promises);
	return status != 1;
}

TEST(what_happens_while_an_earlier_end_is_settled_changes_no_outcome)
{
	static const enum fault_kind kinds[] = { FAULT_KILL, FAULT_KILL_AFTER, FAULT_HALF,
						 FAULT_ERROR };

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		int at = 1;

		while (try_settling(kinds[i], at))
			CHECK((at += (int)test_stride()) < AT_MAX);
		CHECK(at > 10);
	}
}

TEST(on_a_full_disk_reads_are_kept_in_the_reserve_and_give_it_back)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK(scene_open(&scene));
	fault = (struct faulty_kernel) { .kind = FAULT_FULL, .room = 64 * MIB };
	for (int i = 0; i < N_CALLS; i++)
		CHECK_OK(start(&scene, i), scene.err);
	CHECK_OK(keep(&scene, 0), scene.err);
	fault.kind = FAULT_NONE;
	CHECK_OK(keep(&scene, 1), scene.err);
	close_both(&scene);
	CHECK(scene_open(&scene));
	for (int i = 0; i < N_CALLS; i++)
		CHECK_OK(spool_forget(scene.spool, id_of(i), &scene.err), scene.err);
}
