#include "call/spool.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"

struct scene {
	char directory[64];
	struct spool *spool;
	struct error err;
};

static void scene_open(struct scene *scene)
{
	scene->spool = spool_open(scene->directory, SPOOL_MAKE, &scene->err);
	if (!scene->spool)
		fail_msg("%s", scene->err.text);
}

static void scene_make(struct scene *scene)
{
	text_format(scene->directory, sizeof(scene->directory), "/tmp/spool.XXXXXX");
	CHECK(mkdtemp(scene->directory));
	scene_open(scene);
}

static void reopen(struct scene *scene)
{
	spool_close(TAKE(scene->spool));
	scene_open(scene);
}

static const char *path_of(const struct scene *scene, const char *name)
{
	static char path[128];

	text_format(path, sizeof(path), "%s/spool/%s", scene->directory, name);
	return path;
}

static void scene_cleanup(struct scene *scene)
{
	DIR *directory = opendir(path_of(scene, ""));
	const struct dirent *entry;

	spool_close(scene->spool);
	while (directory && (entry = readdir(directory)))
		(void)unlinkat(dirfd(directory), entry->d_name, 0); /* not . and .. */
	if (directory)
		(void)closedir(directory);
	(void)rmdir(path_of(scene, ""));
	(void)rmdir(scene->directory);
}

static int start(struct scene *scene, const char *call_id)
{
	struct spool_entry entry = { .tool = "look", .who = "uid 7", .uid = 7, .audit_id = 12 };

	text_format(entry.call_id, sizeof(entry.call_id), "%s", call_id);
	return spool_start(scene->spool, &entry, &scene->err);
}

static int finish(struct scene *scene, const char *call_id, const char *body, size_t n_body)
{
	CLEANUP(json) json_t *header = json_pack("{s:i}", "code", 0);
	struct frame answer = { .header = header, .n_body = n_body };

	memcpy(&answer.body, &body, sizeof(body)); /* a frame has no const; nobody changes it */
	return spool_finish(scene->spool, call_id, &answer, &scene->err);
}

static enum spool_state state_of(struct scene *scene, const char *call_id)
{
	const struct spool_entry *entry;
	enum spool_state state;

	CHECK_OK(spool_find(scene->spool, call_id, &state, &entry, &scene->err), scene->err);
	CHECK(!entry == (state == SPOOL_UNKNOWN || state == SPOOL_FORGOTTEN));
	return state;
}

static void write_file(struct scene *scene, const char *name, const char *text)
{
	CLEANUP(fd)
	int fd = open(path_of(scene, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK_INT(fd_write_all(fd, text, strlen(text)), 0);
}

TEST(a_call_is_known_from_its_start_until_after_it_is_forgotten)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(frame) struct frame answer = { 0 };
	char result[] = "{\"load\":1}";

	scene_make(&scene);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_UNKNOWN);
	CHECK_OK(start(&scene, "c_1"), scene.err);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_STARTED);
	CHECK_INT(spool_forget(scene.spool, "c_1", &scene.err), -EBUSY);
	reopen(&scene);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_STARTED);
	CHECK_OK(finish(&scene, "c_1", result, strlen(result)), scene.err);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_FINISHED);
	reopen(&scene);
	CHECK_OK(spool_load(scene.spool, "c_1", &answer, &scene.err), scene.err);
	CHECK_TEXT(answer.body, result);
	CHECK_INT(json_get_int(answer.header, "code", -1), 0);
	CHECK_OK(spool_forget(scene.spool, "c_1", &scene.err), scene.err);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_FORGOTTEN);
	reopen(&scene);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_FORGOTTEN);
	CHECK(!spool_next(scene.spool, NULL));
	CHECK_INT(spool_forget(scene.spool, "c_1", &scene.err), -ENOENT);
}

TEST(what_is_known_of_a_call_survives)
{
	CLEANUP(scene) struct scene scene = { 0 };
	const struct spool_entry *entry;

	scene_make(&scene);
	CHECK_OK(start(&scene, "c_1"), scene.err);
	reopen(&scene);
	entry = spool_next(scene.spool, NULL);
	CHECK(entry && !spool_next(scene.spool, entry));
	CHECK_TEXT(entry->call_id, "c_1");
	CHECK_TEXT(entry->tool, "look");
	CHECK_TEXT(entry->who, "uid 7");
	CHECK_INT(entry->audit_id, 12);
	CHECK(spool_is_of(entry, 7) && spool_is_of(entry, 0) && !spool_is_of(entry, 8));
}

TEST(a_call_that_was_abandoned_was_never_there)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	CHECK_OK(start(&scene, "c_1"), scene.err);
	spool_abandon(scene.spool, "c_1");
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_UNKNOWN);
	reopen(&scene);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_UNKNOWN);
	CHECK_OK(start(&scene, "c_1"), scene.err);
}

TEST(the_largest_answer_fits_and_a_larger_one_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(frame) struct frame answer = { 0 };
	char *body = malloc(3 * MIB);

	memset(body, 'x', 3 * MIB);
	scene_make(&scene);
	CHECK_OK(start(&scene, "c_1"), scene.err);
	CHECK_INT(finish(&scene, "c_1", body, 3 * MIB), -E2BIG);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_STARTED);
	CHECK_OK(finish(&scene, "c_1", body, 2 * MIB), scene.err);
	CHECK_OK(spool_load(scene.spool, "c_1", &answer, &scene.err), scene.err);
	CHECK_INT(answer.n_body, 2 * MIB);
	free(body);
}

TEST(beyond_its_bounds_nothing_starts_until_something_is_forgotten)
{
	CLEANUP(scene) struct scene scene = { 0 };
	char call_id[16], result[] = "{}";
	int n = 0;

	scene_make(&scene);
	/* Room is held for whatever may run: that is the first bound. */
	do
		text_format(call_id, sizeof(call_id), "r_%d", n++);
	while (n < 1000 && start(&scene, call_id) == 0);
	CHECK_INT(scene.err.code, -EBUSY);
	CHECK(n > 20 && n < 40);
	for (int i = 0; i < n - 1; i++) {
		text_format(call_id, sizeof(call_id), "r_%d", i);
		CHECK_OK(finish(&scene, call_id, result, 2), scene.err);
	}
	/* Small answers go on to the second. */
	for (int i = n - 1; i < SPOOL_MAX_ENTRIES; i++) {
		text_format(call_id, sizeof(call_id), "r_%d", i);
		CHECK_OK(start(&scene, call_id), scene.err);
		CHECK_OK(finish(&scene, call_id, result, 2), scene.err);
	}
	CHECK_INT(start(&scene, "more"), -EBUSY);
	reopen(&scene);
	CHECK_INT(start(&scene, "more"), -EBUSY);
	CHECK_INT(state_of(&scene, "more"), SPOOL_UNKNOWN);
	CHECK_OK(spool_forget(scene.spool, "r_3", &scene.err), scene.err);
	CHECK_OK(start(&scene, "more"), scene.err);
}

TEST(only_an_id_is_an_id)
{
	CHECK(spool_is_id("c_01HQ-z"));
	CHECK(spool_is_id("1234567890123456789012345678901234567890123456789012345678901234"));
	CHECK(!spool_is_id("12345678901234567890123456789012345678901234567890123456789012345"));
	CHECK(!spool_is_id(""));
	CHECK(!spool_is_id("../x"));
	CHECK(!spool_is_id("a.b"));
	CHECK(!spool_is_id("a b"));
	CHECK(!spool_is_id("\xc3\xa9"));
}

TEST(half_a_start_was_none_and_a_damaged_result_is_still_no_second_start)
{
	CLEANUP(scene) struct scene scene = { 0 };
	CLEANUP(frame) struct frame answer = { 0 };
	const struct spool_entry *entry;
	char result[] = "{}";

	scene_make(&scene);
	CHECK_OK(start(&scene, "c_3"), scene.err);
	CHECK_OK(finish(&scene, "c_3", result, 2), scene.err);
	entry = spool_next(scene.spool, NULL);
	CHECK_INT(truncate(path_of(&scene, "c_3.result"), (off_t)entry->n_bytes - 1), 0);
	write_file(&scene, "c_1.started", "{\"version\":1,\"call_i");
	write_file(&scene, "c_2.result", "");
	write_file(&scene, "README", "not ours");
	reopen(&scene);
	CHECK_INT(state_of(&scene, "c_1"), SPOOL_UNKNOWN);
	CHECK_INT(state_of(&scene, "c_2"), SPOOL_FORGOTTEN);
	CHECK_INT(state_of(&scene, "c_3"), SPOOL_FINISHED);
	CHECK_INT(spool_load(scene.spool, "c_3", &answer, &scene.err), -EIO);
	CHECK_INT(access(path_of(&scene, "README"), F_OK), 0);
}

TEST(a_folder_that_others_can_enter_is_refused)
{
	CLEANUP(scene) struct scene scene = { 0 };

	scene_make(&scene);
	spool_close(TAKE(scene.spool));
	CHECK_INT(chmod(path_of(&scene, ""), 0755), 0);
	CHECK(!spool_open(scene.directory, SPOOL_MAKE, &scene.err));
	CHECK_INT(scene.err.code, -EPERM);
}

TEST(where_there_is_none_none_is_made_unless_wanted)
{
	struct error err = { 0 };

	CHECK(!spool_open("/nonexistent", SPOOL_IF_THERE, &err));
	CHECK_INT(err.code, 0);
}
