/* The audit log while the disk fills up, calls to the kernel fail, and the process is killed. */
#include "call/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/faulty_kernel.h"
#include "base/fd.h"
#include "base/test.h"

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct tool_info alter = { .name = "alter", .risk = TOOL_CHANGES };
static const struct caller ana = { .uid = 4711, .gid = 4711, .pid = 12, .who = "uid 4711 (ana)" };

struct scene {
	char directory[64];
	struct audit *audit;
	struct error err;
};

static void scene_make(struct scene *scene)
{
	(void)snprintf(scene->directory, sizeof(scene->directory), "/tmp/audit.XXXXXX");
	CHECK(mkdtemp(scene->directory));
}

static bool scene_open(struct scene *scene)
{
	scene->audit = audit_open(scene->directory, &scene->err);
	return scene->audit;
}

static void scene_cleanup(struct scene *scene)
{
	DIR *directory = opendir(scene->directory);
	const struct dirent *entry;

	fault.kind = FAULT_NONE;
	audit_close(scene->audit);
	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(scene->directory);
}

static int intend(struct scene *scene, uint64_t id, const struct tool_info *tool)
{
	struct audit_call call = {
		.id = id,
		.caller = &ana,
		.tool = tool,
		.tool_name = tool->name,
		.arg_bytes = "{}",
		.n_arg_bytes = 2,
		.decision = "default: allow reads",
	};

	return audit_intent(scene->audit, &call, &scene->err);
}

static int conclude(struct scene *scene, uint64_t id)
{
	struct audit_outcome outcome = { .id = id, .outcome = "done" };

	return audit_outcome(scene->audit, &outcome, &scene->err);
}

static json_t *verify(struct scene *scene)
{
	json_t *report = json_object();

	CHECK_OK(audit_verify(scene->directory, report, &scene->err), scene->err);
	return report;
}

static void check_sound(struct scene *scene)
{
	CLEANUP(json) json_t *report = verify(scene);

	if (!json_get_bool(report, "ok", false)) {
		CLEANUP(text) char *text = json_canonical(report);

		fail_msg("call %d: %s", fault.at, text);
	}
}

/* What a warden does; each promise kept is one byte on 'fd'. */
static void work(struct scene *scene, int fd)
{
	if (!scene_open(scene))
		_exit(0);
	for (uint64_t id = 1; id <= 3; id++) {
		if (intend(scene, id, id == 2 ? &alter : &look) < 0)
			_exit(0);
		if (id == 2)
			(void)syscall(SYS_write, fd, "2", 1);
		if (id != 3 && conclude(scene, id) < 0)
			_exit(0);
	}
	if (audit_sync(scene->audit, &scene->err) < 0)
		_exit(0);
	(void)syscall(SYS_write, fd, "s", 1);
	_exit(1);
}

static bool log_has(struct scene *scene, const char *text)
{
	char path[128];
	CLEANUP(fd) int fd = -1;
	CLEANUP(buf) struct buf log = { 0 };

	(void)snprintf(path, sizeof(path), "%s/audit.jsonl", scene->directory);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	buf_init(&log, 1 * MIB);
	CHECK(fd >= 0 && buf_read_fd(&log, fd) == 0);
	return strstr(buf_text(&log), text);
}

/* Runs the work with the fault at its n-th call; false once it is past the last. */
static bool try_fault(enum fault_kind kind, int at)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char promises[8] = "";
	int pipe_fds[2], status;
	pid_t child;

	scene_make(&scene);
	CHECK_INT(pipe2(pipe_fds, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		fault.kind = kind;
		fault.at = at;
		fault.n_calls = 0;
		work(&scene, pipe_fds[1]);
	}
	(void)close(pipe_fds[1]);
	CHECK(read(pipe_fds[0], promises, sizeof(promises) - 1) >= 0);
	(void)close(pipe_fds[0]);
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));

	fault.kind = FAULT_NONE;
	fault.at = at;
	check_sound(&scene);
	if (!scene_open(&scene))
		fail_msg("call %d: %s", at, scene.err.text);
	check_sound(&scene);
	/* A change that was let through is in the log, and ended in one outcome. */
	CHECK(!strchr(promises, '2') || log_has(&scene, "\"tool\":\"alter\""));
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK_INT(json_get_int(report, "open_calls", -1), 0);
	}
	return WEXITSTATUS(status) != 1;
}

static void try_every_call(enum fault_kind kind)
{
	int at = 1;

	while (try_fault(kind, at))
		CHECK(at++ < 200);
	CHECK(at > 10);
}

TEST(killed_before_any_call_to_the_kernel_the_log_stays_sound)
{
	try_every_call(FAULT_KILL);
}

TEST(killed_after_any_call_to_the_kernel_the_log_stays_sound)
{
	try_every_call(FAULT_KILL_AFTER);
}

TEST(killed_in_the_middle_of_any_write_the_log_says_so_and_goes_on)
{
	for (int at = 1; at < 40; at++)
		(void)try_fault(FAULT_HALF, at);
}

TEST(a_torn_line_is_cut_off_and_recorded)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char path[128];
	int fd;

	scene_make(&scene);
	CHECK(scene_open(&scene));
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	audit_close(TAKE(scene.audit));
	(void)snprintf(path, sizeof(path), "%s/audit.jsonl", scene.directory);
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	CHECK_INT(fd_write_all(fd, "{\"seq\":3,\"ti", 12), 0);
	(void)close(fd);
	check_sound(&scene);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK_INT(json_array_size(json_object_get(report, "cannot_prove")), 3);
	}
	CHECK(scene_open(&scene));
	check_sound(&scene);
	CHECK(log_has(&scene, "\"kind\":\"repair\""));
	CHECK(log_has(&scene, "\"torn_bytes\":12,"));
}

TEST(a_call_to_the_kernel_that_fails_fails_one_call_and_breaks_no_chain)
{
	for (int at = 1; at < 40; at++)
		(void)try_fault(FAULT_ERROR, at);
}

TEST(after_a_failed_sync_nothing_more_is_promised)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK(scene_open(&scene));
	fault.n_calls = 0;
	fault.kind = FAULT_ERROR;
	fault.at = 2; /* the line's write, then its sync */
	CHECK_INT(intend(&scene, 1, &alter), -EIO);
	fault.kind = FAULT_NONE;
	CHECK_INT(intend(&scene, 2, &look), -EIO);
	CHECK(strstr(scene.err.text, "restart"));
}

TEST(on_a_full_disk_reads_are_recorded_into_the_reserve_and_changes_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };
	int n_reads = 0;

	scene_make(&scene);
	CHECK(scene_open(&scene));
	CHECK(!audit_is_on_reserve(scene.audit));
	fault.n_calls = 0;
	fault.kind = FAULT_FULL;
	fault.at = 0;
	fault.room = AUDIT_RESERVE_BYTES;
	CHECK_INT(intend(&scene, 1, &alter), -ENOSPC);
	CHECK(audit_is_on_reserve(scene.audit));
	CHECK(strstr(scene.err.text, "full"));
	while (n_reads < 100000 && intend(&scene, 2, &look) == 0 && conclude(&scene, 2) == 0)
		n_reads++;
	CHECK(n_reads > 1000 && n_reads < 100000);
	CHECK_INT(scene.err.code, -ENOSPC);
	check_sound(&scene);

	fault.kind = FAULT_NONE;
	CHECK_OK(intend(&scene, 3, &alter), scene.err);
	CHECK(!audit_is_on_reserve(scene.audit));
	check_sound(&scene);
}
