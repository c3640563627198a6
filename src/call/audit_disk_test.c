/* The audit log on a disk that is really full: a small tmpfs of the test's own. */
#include "call/audit.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
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
	audit_close(scene->audit);
	(void)rmdir(scene->directory); /* the tmpfs over it went with its namespace */
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

static bool is_sound(struct scene *scene)
{
	CLEANUP(json) json_t *report = json_object();

	return audit_verify(scene->directory, report, &scene->err) == 0 &&
	       json_get_bool(report, "ok", false);
}

/* A file system of four MiB in a mount namespace of the child's own. */
static void fill_real_disk(struct scene *scene)
{
	static char block[64 * 1024];
	char path[128];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/filler", scene->directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	for (size_t size = sizeof(block); size; size /= 2)
		while (write(fd, block, size) > 0)
			;
	(void)close(fd);
}

static int play_on_tmpfs(struct scene *scene)
{
	if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNS : CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", scene->directory, "tmpfs", 0, "size=4m,mode=0700") < 0)
		return 3;
	if (!scene_open(scene))
		return 4;
	fill_real_disk(scene);
	if (intend(scene, 1, &look) < 0 || conclude(scene, 1) < 0)
		return 5;
	if (audit_sync(scene->audit, &scene->err) < 0)
		return 6;
	audit_close(TAKE(scene->audit));
	/* The reserve outlives the process: the next one starts on the full disk too. */
	if (!scene_open(scene))
		return 7;
	for (uint64_t id = 1; id < 500; id++)
		if (intend(scene, id, &look) < 0 || conclude(scene, id) < 0)
			return 8;
	return is_sound(scene) ? 0 : 9;
}

TEST(a_really_full_disk_leaves_room_for_reads_and_for_a_restart)
{
	CLEANUP(scene) struct scene scene = { 0 };
	int status;
	pid_t child;

	scene_make(&scene);
	child = fork();
	if (child == 0)
		_exit(play_on_tmpfs(&scene));
	CHECK_INT(waitpid(child, &status, 0), child);
	CHECK(WIFEXITED(status));
	if (WEXITSTATUS(status) == 3)
		SKIP("no mount namespace for a small tmpfs");
	CHECK_INT(WEXITSTATUS(status), 0);
}
