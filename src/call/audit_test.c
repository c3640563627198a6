#include "call/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
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

TEST(a_change_is_on_disk_before_it_may_run_and_reads_wait_for_their_group)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_open(&scene);
	CHECK(!audit_needs_sync(scene.audit));
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	CHECK(audit_needs_sync(scene.audit));
	CHECK_OK(intend(&scene, 2, &alter), scene.err);
	CHECK(!audit_needs_sync(scene.audit));
	CHECK_OK(conclude(&scene, 1, "done"), scene.err);
	CHECK(audit_needs_sync(scene.audit));
	CHECK_OK(audit_sync(scene.audit, &scene.err), scene.err);
	CHECK(!audit_needs_sync(scene.audit));
}

TEST(an_unknown_tool_is_recorded_by_its_name)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_open(&scene);
	CHECK_OK(intend(&scene, 1, NULL), scene.err);
	CHECK_OK(conclude(&scene, 1, "denied"), scene.err);
	{
		CLEANUP(json) json_t *line = read_line(&scene, 2);

		CHECK_TEXT(json_get_text(line, "tool", ""), "fly");
		CHECK(!json_object_get(line, "risk"));
	}
}

TEST(the_head_is_what_verify_finds)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char hash[AUDIT_HASH_TEXT_BYTES];
	uint64_t seq;

	scene_open(&scene);
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	audit_head(scene.audit, &seq, hash);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK_INT(seq, 2);
		CHECK_INT(json_get_int(report, "head_seq", 0), 2);
		CHECK_TEXT(json_get_text(report, "head", ""), hash);
	}
}

/* The HMAC of arguments that were recorded under the scene's key. */
static void hmac_of(struct scene *scene, unsigned line, char hmac[65])
{
	CLEANUP(json) json_t *json = read_line(scene, line);

	(void)snprintf(hmac, 65, "%s", json_get_text(json, "args_hmac", ""));
}

TEST(the_key_outlives_a_restart_and_is_nobody_elses)
{
	CLEANUP(scene) struct scene scene = { 0 }, other = { 0 };
	char first[65], again[65], foreign[65], path[128];
	struct stat st;

	scene_open(&scene);
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	hmac_of(&scene, 2, first);
	scene_close(&scene);
	scene_open(&scene);
	CHECK_OK(intend(&scene, 1, &look), scene.err);
	hmac_of(&scene, 5, again);
	CHECK_TEXT(first, again);
	scene_open(&other);
	CHECK_OK(intend(&other, 1, &look), other.err);
	hmac_of(&other, 2, foreign);
	CHECK(strcmp(first, foreign) != 0);

	(void)snprintf(path, sizeof(path), "%s/audit.key", scene.directory);
	CHECK_INT(stat(path, &st), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	CHECK_INT(chmod(path, 0644), 0);
	scene_close(&scene);
	CHECK(!audit_open(scene.directory, &scene.err));
	CHECK_INT(scene.err.code, -EPERM);
}

TEST(two_processes_cannot_write_one_log)
{
	CLEANUP(scene) struct scene scene = { 0 };
	struct error err = { 0 };

	scene_open(&scene);
	CHECK(!audit_open(scene.directory, &err));
	CHECK_INT(err.code, -EBUSY);
	scene_close(&scene);
	scene_open(&scene);
}

TEST(a_folder_that_others_may_enter_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };
	struct error err = { 0 };

	scene_open(&scene);
	scene_close(&scene);
	CHECK_INT(chmod(scene.directory, 0755), 0);
	CHECK(!audit_open(scene.directory, &err));
	CHECK_INT(err.code, -EPERM);
}

/* A call whose arguments are about that long. */
static int intend_long(struct scene *scene, uint64_t id, const char *text)
{
	CLEANUP(json) json_t *args = json_pack("{s:s}", "text", text);
	struct audit_call call = { .id = id,
				   .caller = &ana,
				   .tool = &look,
				   .tool_name = "look",
				   .redacted_args = args,
				   .arg_bytes = text,
				   .n_arg_bytes = strlen(text),
				   .decision = "default: allow reads" };

	return audit_intent(scene->audit, &call, &scene->err);
}

TEST(long_arguments_are_cut_and_their_length_kept)
{
	CLEANUP(scene) struct scene scene = { 0 };
	static char text[1 * MIB];

	memset(text, '"', sizeof(text) - 1);
	scene_open(&scene);
	CHECK_OK(intend_long(&scene, 1, text), scene.err);
	CHECK_OK(conclude(&scene, 1, "done"), scene.err);
	check_sound(&scene, 3, 0);
	{
		CLEANUP(json) json_t *line = read_line(&scene, 2);

		CHECK(!json_object_get(line, "args"));
		CHECK_INT(json_get_int(line, "args_bytes", 0), 2 * (sizeof(text) - 1) + 11);
		CHECK_INT(strlen(json_get_text(line, "args_cut", "")), AUDIT_ARGS_MAX_BYTES);
	}
}

TEST(a_long_log_rotates_and_the_chain_goes_on)
{
	CLEANUP(scene) struct scene scene = { 0 };
	static char text[15 * KIB];
	char path[128];
	uint64_t id;

	memset(text, 'a', sizeof(text) - 1);
	scene_open(&scene);
	(void)snprintf(path, sizeof(path), "%s/audit.1.jsonl", scene.directory);
	CHECK_OK(intend(&scene, 1000000, &look), scene.err);
	for (id = 1; access(path, F_OK) < 0 && id < 10000; id++) {
		CHECK_OK(intend_long(&scene, id, text), scene.err);
		CHECK_OK(conclude(&scene, id, "done"), scene.err);
	}
	CHECK(id > 3000 && id < 10000);
	{
		CLEANUP(json) json_t *line = read_line(&scene, 1);

		CHECK_TEXT(json_get_text(line, "kind", ""), "rotate");
		CHECK_INT(json_array_size(json_object_get(line, "open")), 1);
	}
	scene_close(&scene);
	scene_open(&scene); /* the call of the older file is closed, too */
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK(json_get_bool(report, "ok", false));
		CHECK_INT(json_get_int(report, "files", 0), 2);
		CHECK_INT(json_get_int(report, "open_calls", -1), 0);
	}
	CHECK_INT(unlink(path), 0);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK(!json_get_bool(report, "ok", true));
	}
}

TEST(more_open_calls_than_the_bound_are_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_open(&scene);
	for (uint64_t id = 1; id <= AUDIT_MAX_OPEN; id++)
		CHECK_OK(intend(&scene, id, &look), scene.err);
	CHECK_INT(intend(&scene, 1, &look), -EBUSY);
	CHECK_OK(conclude(&scene, 1, "done"), scene.err);
	CHECK_OK(intend(&scene, 1, &look), scene.err);
}
