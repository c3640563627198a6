/* Several stores on one database: what one says the others hear, and they write in turn. */
#include <errno.h>
#include <string.h>

#include "base/test.h"
#include "server/store/scene.h"

#define N_BATCHES 100

struct listener {
	struct scene *scene;
	struct store *store;
	unsigned n;
	char last[64];
};

static void handle_told(const char *notice, void *data)
{
	struct listener *listener = data;

	listener->n++;
	text_format(listener->last, sizeof(listener->last), "%s", notice);
}

static struct answer say(struct scene *scene, const char *notice, enum store_expect expect)
{
	const struct store_value params[] = { store_text(scene->org) };
	const struct store_step step = { "SELECT id FROM orgs WHERE id = $1", params, 1, expect };
	const struct store_batch batch = {
		.org = scene->org, .steps = &step, .n_steps = 1, .notice = notice
	};

	return scene_run(scene, &batch);
}

static void wait_told(struct listener *listener, unsigned n)
{
	for (unsigned i = 0; i < 400 && listener->n < n; i++)
		(void)say(listener->scene, NULL, STORE_ANY); /* which runs the loop */
	CHECK_INT(listener->n, n);
}

static void open_other(struct listener *listener, struct scene *scene, struct scene *other)
{
	*other = *scene;
	other->store = NULL;
	other->told = handle_told;
	other->told_data = listener;
	*listener = (struct listener) { .scene = other };
	scene_start(other);
	CHECK_INT(other->state, STORE_READY);
}

TEST(a_notice_reaches_the_other_stores_once_its_batch_holds)
{
	struct scene scene, other;
	struct listener listener;

	scene_open(&scene);
	if (!scene_is_postgresql()) {
		CHECK_TEXT(say(&scene, "nobody is there", STORE_SOME).text, "");
		scene_close(&scene);
		return;
	}
	open_other(&listener, &scene, &other);
	CHECK_TEXT(say(&scene, "first", STORE_SOME).text, "");
	wait_told(&listener, 1);
	CHECK_TEXT(listener.last, "first");
	CHECK_INT(say(&scene, "undone", STORE_NONE).code, -EEXIST);
	CHECK_TEXT(say(&other, "its own", STORE_SOME).text, "");
	CHECK_TEXT(say(&scene, "second", STORE_SOME).text, "");
	wait_told(&listener, 2);
	CHECK_TEXT(listener.last, "second");
	scene_stop(&other);
	scene_close(&scene);
}

TEST(a_notice_has_a_bound)
{
	struct scene scene;
	char notice[STORE_MAX_NOTICE_BYTES + 2];

	scene_open(&scene);
	memset(notice, 'x', sizeof(notice));
	notice[sizeof(notice) - 1] = '\0';
	CHECK_INT(say(&scene, notice, STORE_SOME).code, -E2BIG);
	notice[STORE_MAX_NOTICE_BYTES] = '\0';
	CHECK_TEXT(say(&scene, notice, STORE_SOME).text, "");
	CHECK_INT(say(&scene, "\xff", STORE_SOME).code, -EINVAL);
	scene_close(&scene);
}

/* Numbers of events are counted: of two servers at once each gets its own. */
TEST(stores_of_one_database_write_one_after_the_other)
{
	static const char sql[] = "INSERT INTO events (org, seq, time, kind, data) VALUES ($1, "
				  "(SELECT COALESCE(MAX(seq), 0) + 1 FROM events WHERE org = $1), "
				  "0, 'turn', '{}')";
	struct scene scene, other;
	struct listener listener;
	struct answer answers[2 * N_BATCHES] = { 0 };

	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org) };
	const struct store_step step = { sql, params, 1, STORE_SOME };
	const struct store_batch batch = { .org = scene.org, .steps = &step, .n_steps = 1 };

	if (scene_is_postgresql())
		open_other(&listener, &scene, &other);
	for (unsigned i = 0; i < N_BATCHES; i++) {
		(void)store_submit(scene.store, &batch, scene_handle_done, &answers[2 * i]);
		(void)store_submit(scene_is_postgresql() ? other.store : scene.store, &batch,
				   scene_handle_done, &answers[2 * i + 1]);
	}
	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		scene_wait(&scene, &answers[i]);
		CHECK_TEXT(answers[i].text, "");
	}
	CHECK_INT(scene_count(&scene, "turn"), ARRAY_LEN(answers));
	if (scene_is_postgresql())
		scene_stop(&other);
	scene_close(&scene);
}
