/* What somebody who may write the log's files can do to it, and whether it shows. */
#include "call/audit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

#define N_LINES 7

static const struct tool_info look = { .name = "look", .risk = TOOL_READS };
static const struct caller ana = { .uid = 4711, .gid = 4711, .pid = 12, .who = "uid 4711 (ana)" };

/* A closed log of three calls, as text and as lines. */
struct scene {
	char directory[64];
	char path[96];
	struct buf text;
	struct str lines[N_LINES];
	struct error err;
};

static void record_calls(struct scene *scene)
{
	struct audit *audit = audit_open(scene->directory, &scene->err);

	CHECK(audit);
	for (uint64_t id = 1; id <= 3; id++) {
		struct audit_call call = { .id = id,
					   .caller = &ana,
					   .tool = &look,
					   .tool_name = "look",
					   .arg_bytes = "{}",
					   .n_arg_bytes = 2,
					   .decision = "default: allow reads" };
		struct audit_outcome outcome = { .id = id, .outcome = "done" };

		CHECK_OK(audit_intent(audit, &call, &scene->err), scene->err);
		CHECK_OK(audit_outcome(audit, &outcome, &scene->err), scene->err);
	}
	audit_close(audit);
}

static void scene_make(struct scene *scene)
{
	CLEANUP(fd) int fd = -1;
	const char *at;

	(void)snprintf(scene->directory, sizeof(scene->directory), "/tmp/audit.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	(void)snprintf(scene->path, sizeof(scene->path), "%s/audit.jsonl", scene->directory);
	record_calls(scene);
	fd = open(scene->path, O_RDONLY | O_CLOEXEC);
	buf_init(&scene->text, 64 * KIB);
	CHECK(fd >= 0 && buf_read_fd(&scene->text, fd) == 0);
	at = buf_text(&scene->text);
	for (size_t i = 0; i < N_LINES; i++)
		CHECK(scan_line(&at, &scene->lines[i]));
	CHECK(!*at);
}

static void scene_cleanup(struct scene *scene)
{
	DIR *directory = opendir(scene->directory);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(scene->directory);
	buf_finish(&scene->text);
}

/* Writes the file anew from its lines; an empty one is left out. */
static void rewrite(const struct scene *scene)
{
	CLEANUP(fd) int fd = open(scene->path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t i = 0; i < N_LINES; i++) {
		if (!scene->lines[i].len)
			continue;
		CHECK_INT(fd_write_all(fd, scene->lines[i].data, scene->lines[i].len), 0);
		CHECK_INT(fd_write_all(fd, "\n", 1), 0);
	}
}

static json_t *verify(struct scene *scene)
{
	json_t *report = json_object();

	CHECK_OK(audit_verify(scene->directory, report, &scene->err), scene->err);
	return report;
}

/* Some fault stands at that line and says so. */
static void check_fault(struct scene *scene, int64_t line, const char *what)
{
	CLEANUP(json) json_t *report = verify(scene);
	CLEANUP(text) char *text = json_canonical(report);
	const json_t *fault;
	size_t i;

	CHECK(!json_get_bool(report, "ok", true));
	json_array_foreach(json_object_get(report, "faults"), i, fault)
	{
		if (json_get_int(fault, "line", 0) == line &&
		    strstr(json_get_text(fault, "what", ""), what)) {
			CHECK_TEXT(json_get_text(fault, "file", ""), "audit.jsonl");
			return;
		}
	}
	fail_msg("no '%s' at line %d: %s", what, (int)line, text);
}

TEST(an_untouched_log_has_no_fault)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	rewrite(&scene);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK(json_get_bool(report, "ok", false));
		CHECK_INT(json_get_int(report, "lines", 0), N_LINES);
		CHECK_INT(json_get_int(report, "head_seq", 0), N_LINES);
		CHECK_INT(json_get_int(report, "files", 0), 1);
	}
}

TEST(a_changed_line_shows_at_the_next_one)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char *at;

	scene_make(&scene);
	at = memmem(scene.lines[1].data, scene.lines[1].len, "4711", 4);
	CHECK(at);
	at[0] = '5';
	rewrite(&scene);
	check_fault(&scene, 3, "changed, inserted or removed");
}

TEST(a_deleted_line_shows)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[2].len = 0;
	rewrite(&scene);
	check_fault(&scene, 3, "changed, inserted or removed");
	check_fault(&scene, 3, "lines are missing");
}

TEST(a_deleted_beginning_shows)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[0].len = scene.lines[1].len = scene.lines[2].len = 0;
	rewrite(&scene);
	check_fault(&scene, 1, "does not begin the chain");
	check_fault(&scene, 1, "what came before is missing");
}

TEST(an_inserted_line_shows)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[3] = scene.lines[1];
	rewrite(&scene);
	check_fault(&scene, 4, "inserted or out of order");
}

TEST(reordered_lines_show)
{
	CLEANUP(scene) struct scene scene = { 0 };
	struct str line;

	scene_make(&scene);
	line = scene.lines[2];
	scene.lines[2] = scene.lines[3];
	scene.lines[3] = line;
	rewrite(&scene);
	check_fault(&scene, 3, "lines are missing");
	check_fault(&scene, 4, "inserted or out of order");
}

TEST(a_foreign_line_shows)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[4] = (struct str) { "nothing happened here", 21 };
	rewrite(&scene);
	check_fault(&scene, 5, "not a line of this log");
}

TEST(an_outcome_without_its_intent_shows_even_with_a_rebuilt_chain)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[1].len = 0;
	rewrite(&scene);
	check_fault(&scene, 2, "outcome of call 1, which was not open");
}

TEST(a_cut_off_end_is_named_as_what_cannot_be_proved)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	scene.lines[5].len = scene.lines[6].len = 0;
	rewrite(&scene);
	{
		CLEANUP(json) json_t *report = verify(&scene);
		const json_t *list = json_object_get(report, "cannot_prove");

		CHECK(json_get_bool(report, "ok", false));
		CHECK_INT(json_get_int(report, "head_seq", 0), 5);
		CHECK(strstr(json_string_value(json_array_get(list, 0)),
			     "nothing after line 5 was cut off"));
	}
}

static bool cannot_prove(struct scene *scene, const char *part)
{
	CLEANUP(json) json_t *report = verify(scene);
	const json_t *list = json_object_get(report, "cannot_prove"), *sentence;
	size_t i;

	CHECK(json_get_bool(report, "ok", false));
	json_array_foreach(list, i, sentence)
	{
		if (strstr(json_string_value(sentence), part))
			return true;
	}
	return false;
}

static void remove_key(const struct scene *scene)
{
	char path[96];

	(void)snprintf(path, sizeof(path), "%s/audit.key", scene->directory);
	CHECK_INT(unlink(path), 0);
}

TEST(a_missing_key_is_named_as_what_cannot_be_proved)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK(!cannot_prove(&scene, "audit.key"));
	remove_key(&scene);
	CHECK(cannot_prove(&scene, "audit.key, is missing"));
}

TEST(a_replaced_key_is_named_before_and_after_the_next_start)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int fd = -1;
	char path[96];

	scene_make(&scene);
	remove_key(&scene);
	(void)snprintf(path, sizeof(path), "%s/audit.key", scene.directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	CHECK_INT(fd_write_all(fd, "0123456789abcdef0123456789abcdef", 32), 0);
	CHECK(cannot_prove(&scene, "not the key that line 1 names"));
	record_calls(&scene);
	CHECK(!cannot_prove(&scene, "not the key"));
	CHECK(cannot_prove(&scene, "arguments calls had before line 8"));
}

TEST(a_key_that_a_restart_made_anew_is_named)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	remove_key(&scene);
	record_calls(&scene);
	CHECK(cannot_prove(&scene, "before line 8: audit.key was removed or replaced"));
	record_calls(&scene);
	CHECK(cannot_prove(&scene, "before line 8"));
}

TEST(an_emptied_log_shows_only_against_a_head_kept_elsewhere)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	for (size_t i = 0; i < N_LINES; i++)
		scene.lines[i].len = 0;
	rewrite(&scene);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK(json_get_bool(report, "ok", false));
		CHECK_INT(json_get_int(report, "head_seq", -1), 0);
		CHECK(json_array_size(json_object_get(report, "cannot_prove")) >= 2);
	}
}

TEST(a_log_of_faults_is_reported_within_bounds)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(fd) int fd = -1;

	scene_make(&scene);
	fd = open(scene.path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(fd_write_all(fd, "x\n", 2), 0);
	{
		CLEANUP(json) json_t *report = verify(&scene);

		CHECK_INT(json_get_int(report, "n_faults", 0), 1000);
		CHECK_INT(json_array_size(json_object_get(report, "faults")), AUDIT_MAX_FAULTS);
	}
}
