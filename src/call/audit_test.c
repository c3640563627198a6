#include "call/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct tool_info alter = { .name = "alter", .risk = TOOL_CHANGES };
static const struct caller ana = { .uid = 4711, .gid = 4711, .pid = 12, .who = "uid 4711 (ana)" };

/* A log in a folder of its own. */
struct scene {
	char directory[64];
	struct audit *audit;
	struct error err;
};

static void scene_open(struct scene *scene)
{
	if (!scene->directory[0]) {
		(void)snprintf(scene->directory, sizeof(scene->directory), "/tmp/audit.XXXXXX");
		CHECK(mkdtemp(scene->directory));
	}
	scene->audit = audit_open(scene->directory, &scene->err);
	if (!scene->audit)
		fail_msg("%s", scene->err.text);
}

static void scene_close(struct scene *scene)
{
	audit_close(TAKE(scene->audit));
}

static void scene_cleanup(struct scene *scene)
{
	DIR *directory = opendir(scene->directory);
	const struct dirent *entry;

	scene_close(scene);
	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(scene->directory);
}

static int intend(struct scene *scene, uint64_t id, const struct tool_info *tool)
{
	CLEANUP(json) json_t *args = json_pack("{s:s}", "path", "[redacted:test]");
	struct audit_call call = {
		.id = id,
		.caller = &ana,
		.tool = tool,
		.tool_name = tool ? tool->name : "fly",
		.redacted_args = args,
		.arg_bytes = "{\"path\":\"secret\"}",
		.n_arg_bytes = 17,
		.decision = "policy.conf:1: allow reads",
	};

	return audit_intent(scene->audit, &call, &scene->err);
}

static int conclude(struct scene *scene, uint64_t id, const char *word)
{
	struct audit_outcome outcome = { .id = id, .outcome = word, .elapsed_ns = 1500000 };

	return audit_outcome(scene->audit, &outcome, &scene->err);
}

static json_t *verify(struct scene *scene)
{
	json_t *report = json_object();

	CHECK_OK(audit_verify(scene->directory, report, &scene->err), scene->err);
	return report;
}

static void check_sound(struct scene *scene, int64_t n_lines, int64_t n_open)
{
	CLEANUP(json) json_t *report = verify(scene);
	CLEANUP(text) char *text = json_canonical(report);

	if (!json_get_bool(report, "ok", false) || json_get_int(report, "lines", -1) != n_lines ||
	    json_get_int(report, "open_calls", -1) != n_open)
		fail_msg("%s", text);
	CHECK(json_array_size(json_object_get(report, "cannot_prove")) >= 2);
}

static json_t *read_line(struct scene *scene, unsigned number)
{
	char path[128];
	char line[64 * 1024];
	FILE *file;
	json_t *json;

	(void)snprintf(path, sizeof(path), "%s/audit.jsonl", scene->directory);
	file = fopen(path, "re");
	CHECK(file);
	for (unsigned i = 0; i < number; i++)
		CHECK(fgets(line, sizeof(line), file));
	(void)fclose(file);
	json = json_loads(line, 0, NULL);
	CHECK(json);
	return json;
}

TEST(a_call_leaves_an_intent_and_an_outcome)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_open(&scene);
	CHECK_OK(intend(&scene, 7, &look), scene.err);
	CHECK_OK(conclude(&scene, 7, "done"), scene.err);
	check_sound(&scene, 3, 0);
	{
		CLEANUP(json) json_t *line = read_line(&scene, 2);

		CHECK_TEXT(json_get_text(line, "kind", ""), "intent");
		CHECK_INT(json_get_int(line, "seq", 0), 2);
		CHECK_INT(json_get_int(line, "id", 0), 7);
		CHECK_INT(json_get_int(line, "uid", 0), 4711);
		CHECK_TEXT(json_get_text(line, "tool", ""), "look");
		CHECK_TEXT(json_get_text(line, "risk", ""), "reads");
		CHECK_TEXT(json_get_text(json_object_get(line, "args"), "path", ""),
			   "[redacted:test]");
		CHECK_INT(strlen(json_get_text(line, "args_hmac", "")), 64);
	}
}

TEST(calls_that_a_process_left_open_are_closed_as_interrupted)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_open(&scene);
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	CHECK_OK(intend(&scene, 2, &alter), scene.err);
	CHECK_OK(conclude(&scene, 1, "done"), scene.err);
	check_sound(&scene, 4, 1);
	scene_close(&scene);
	scene_open(&scene);
	check_sound(&scene, 6, 0);
	{
		CLEANUP(json) json_t *line = read_line(&scene, 5);

		CHECK_TEXT(json_get_text(line, "kind", ""), "outcome");
		CHECK_INT(json_get_int(line, "id", 0), 2);
		CHECK_TEXT(json_get_text(line, "outcome", ""), "interrupted");
	}
}
