/* What only a database in a file can do and suffer. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/test.h"
#include "server/store/scene.h"

/* The scene's database becomes another file, which is opened. */
static void reopen(struct scene *scene, const char *path)
{
	scene_stop(scene);
	text_format(scene->database, sizeof(scene->database), "%s", path);
	scene_start(scene);
}

static void write_file(const char *path, const void *bytes, size_t len, off_t at)
{
	CLEANUP(fd) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_INT(pwrite(fd, bytes, len, at), len);
}

static void add_event(struct scene *scene, int64_t seq)
{
	const struct store_value params[] = { store_text(scene->org), store_int(seq), store_int(0),
					      store_text("kept"), store_text("") };
	const struct store_step step = scene_event(params);

	CHECK_TEXT(scene_query(scene, scene->org, &step).text, "");
}

TEST(rows_outlive_the_store)
{
	struct scene scene;

	scene_open(&scene);
	add_event(&scene, 1);
	scene_stop(&scene);
	scene_start(&scene);
	CHECK_INT(scene_count(&scene, "kept"), 1);
	scene_close(&scene);
}

TEST(a_backup_is_a_database_of_its_own)
{
	struct scene scene;
	struct answer answer = { 0 };
	char path[128];

	scene_open(&scene);
	text_format(path, sizeof(path), "%s/backup.db", scene.folder);
	add_event(&scene, 1);
	(void)store_backup(scene.store, path, scene_handle_done, &answer);
	/* While it is made, and so perhaps in it. */
	for (int64_t seq = 2; seq < 50; seq++)
		add_event(&scene, seq);
	scene_wait(&scene, &answer);
	if (scene_is_postgresql()) {
		CHECK_INT(answer.code, -EOPNOTSUPP);
		scene_close(&scene);
		return;
	}
	CHECK_TEXT(answer.text, "");
	reopen(&scene, path);
	CHECK_INT(scene.state, STORE_READY);
	CHECK(scene_count(&scene, "kept") >= 1);
	add_event(&scene, 100);
	scene_close(&scene);
}

TEST(a_backup_that_fails_leaves_nothing)
{
	struct scene scene;
	struct answer answer = { 0 };
	char path[128];

	scene_open(&scene);
	text_format(path, sizeof(path), "%s/missing/backup.db", scene.folder);
	(void)store_backup(scene.store, path, scene_handle_done, &answer);
	scene_wait(&scene, &answer);
	CHECK(answer.code < 0);
	answer = (struct answer) { 0 };
	(void)store_backup(scene.store, "relative", scene_handle_done, &answer);
	scene_wait(&scene, &answer);
	CHECK(answer.code < 0);
	CHECK(access("relative.partial", F_OK) < 0);
	add_event(&scene, 1);
	scene_close(&scene);
}

TEST(a_newer_schema_is_refused)
{
	static const struct store_step step = {
		"INSERT INTO schema_migrations VALUES (9999, 'later', 0)", NULL, 0, STORE_SOME
	};
	struct scene scene;

	scene_open(&scene);
	if (!scene_is_postgresql()) {
		CHECK_INT(scene_query(&scene, STORE_EVERY_ORG, &step).code, 0);
		scene_stop(&scene);
		scene_start(&scene);
		CHECK_INT(scene.state, STORE_FAILED);
		CHECK_INT(scene.why.code, -EPROTO);
		CHECK(strstr(scene.why.text, "schema 9999"));
		CHECK_INT(scene_query(&scene, STORE_EVERY_ORG, &step).code, -EPROTO);
	}
	scene_close(&scene);
}

TEST(what_is_no_database_is_refused)
{
	static const char text[] =
		"This is a letter, and no database; it is long enough to be one. "
		"It goes on and on, until a hundred bytes have been written.";
	struct scene scene;
	char path[128];

	scene_open(&scene);
	text_format(path, sizeof(path), "%s/letter", scene.folder);
	write_file(path, text, sizeof(text), 0);
	reopen(&scene, path);
	CHECK_INT(scene.state, STORE_FAILED);
	CHECK_INT(scene.why.code, -EUCLEAN);
	text_format(path, sizeof(path), "%s/missing/store.db", scene.folder);
	reopen(&scene, path);
	CHECK_INT(scene.state, STORE_FAILED);
	CHECK_INT(scene.why.code, -ENOENT);
	reopen(&scene, scene.folder);
	CHECK_INT(scene.state, STORE_FAILED);
	scene_close(&scene);
}

TEST(damage_is_told)
{
	static const char noise[4096 * 8] = "\x7f noise";
	struct scene scene;
	struct answer answer;
	static const struct store_step look = { "SELECT COUNT(*) FROM agents", NULL, 0, STORE_ANY };

	scene_open(&scene);
	if (!scene_is_postgresql()) {
		scene_stop(&scene);
		write_file(scene.database, noise, sizeof(noise), 4096);
		scene_start(&scene);
		answer = scene_query(&scene, STORE_EVERY_ORG, &look);
		CHECK_INT(answer.code, -EUCLEAN);
	}
	scene_close(&scene);
}

TEST(two_stores_do_not_share_a_file)
{
	struct scene scene, second;

	scene_open(&scene);
	second = scene;
	if (!scene_is_postgresql()) {
		second.store = NULL;
		scene_start(&second);
		CHECK_INT(second.state, STORE_STARTING);
		CHECK_INT(second.why.code, -EBUSY);
		CHECK(strstr(second.why.text, "in use"));
		scene_stop(&scene);
		scene_wait_state(&second, STORE_READY);
		scene_stop(&second);
	}
	scene_close(&scene);
}
