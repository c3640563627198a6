#include "server/hub/labels.h"

#include "base/test.h"
#include "server/store/scene.h"

static void run(struct scene *scene, const struct store_step *steps, unsigned n)
{
	const struct store_batch batch = { .org = scene->org, .steps = steps, .n_steps = n };
	struct answer answer = scene_run(scene, &batch);

	if (answer.code)
		FAIL("%s", answer.text);
}

static void add_agent(struct scene *scene, const char *id, int listed)
{
	const struct store_value params[] = { store_text(scene->org), store_text(id),
					      store_int(listed) };
	const struct store_step step = {
		"INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by, listed) "
		"VALUES ($1, $2, $2, $2, 'connected', 1, 't', $3)",
		params, ARRAY_LEN(params), STORE_ANY
	};

	run(scene, &step, 1);
}

static void label(struct scene *scene, const char *id, const char *text)
{
	CLEANUP(json) json_t *labels = json_loads(text, 0, NULL);
	CLEANUP(labels_rows) struct labels_rows rows = { 0 };
	struct store_step steps[LABELS_STEPS];

	labels_write(&rows, scene->org, id, labels, steps);
	run(scene, steps, LABELS_STEPS);
}

static void check_found(struct scene *scene, const char *org, const char *text,
			const char *expected)
{
	char hash[LABEL_HASH_BYTES];
	const struct store_value params[] = { store_text(org), store_text(label_hash(text, hash)) };
	const struct store_step step = { "SELECT id FROM agents WHERE org = $1 "
					 "AND " LABELS_MAY_MATCH("$2") " ORDER BY id",
					 params, ARRAY_LEN(params), STORE_ANY };
	struct answer answer = scene_query(scene, org, &step);

	CHECK_INT(answer.code, 0);
	CHECK_TEXT(answer.rows, expected);
}

TEST(agents_are_found_by_their_labels)
{
	struct scene scene = { 0 };

	scene_require_walls();
	scene_open(&scene);
	add_agent(&scene, "a", 1);
	add_agent(&scene, "b", 1);
	add_agent(&scene, "none", 1);
	label(&scene, "a", "{\"env\":\"prod\",\"rack\":\"7\",\"odd\":7}");
	label(&scene, "b", "{\"env\":\"prod\"}");
	label(&scene, "none", "{}");
	check_found(&scene, scene.org, "env=prod", "a b ");
	check_found(&scene, scene.org, "rack=7", "a ");
	check_found(&scene, scene.org, "odd=7", "");
	check_found(&scene, scene.other_org, "env=prod", "");

	label(&scene, "a", "{\"env\":\"dev\"}");
	check_found(&scene, scene.org, "env=prod", "b ");
	check_found(&scene, scene.org, "env=dev", "a ");
	check_found(&scene, scene.org, "rack=7", "");
	scene_close(&scene);
}

TEST(agents_from_before_there_were_rows_are_looked_at)
{
	struct scene scene = { 0 };

	scene_require_walls();
	scene_open(&scene);
	add_agent(&scene, "new", 1);
	add_agent(&scene, "old", 0);
	check_found(&scene, scene.org, "env=prod", "old ");
	scene_close(&scene);
}
