#include "server/store/store.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/store/scene.h"

#define N_BATCHES 200

static const char insert_agent[] =
	"INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by)"
	" VALUES ($1, $2, $2, 'host', 'connected', $3, 'token')";

static struct answer add_agent(struct scene *scene, const char *org, const char *id)
{
	const struct store_value params[] = { store_text(org), store_text(id), store_int(7) };

	return scene_query(scene, org,
			   &(struct store_step) { insert_agent, params, 3, STORE_SOME });
}

static struct answer list_agents(struct scene *scene)
{
	const struct store_value params[] = { store_text(scene->org) };
	static const char sql[] = "SELECT id, created, last_seen FROM agents WHERE org = $1 "
				  "ORDER BY id";

	return scene_query(scene, scene->org, &(struct store_step) { sql, params, 1, STORE_ANY });
}

TEST(what_was_written_is_read)
{
	struct scene scene;
	struct answer answer;

	scene_open(&scene);
	answer = add_agent(&scene, scene.org, "b");
	CHECK_TEXT(answer.text, "");
	CHECK_INT(answer.n_changed, 1);
	(void)add_agent(&scene, scene.org, "B");
	answer = list_agents(&scene);
	/* By bytes, in both databases. */
	CHECK_TEXT(answer.rows, "B 7 NULL b 7 NULL ");
	CHECK_INT(answer.n_changed, 0);
	scene_close(&scene);
}

TEST(parameters_may_come_in_any_order_and_return)
{
	struct scene scene;
	struct answer answer;
	const struct store_value null = store_null();

	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org), store_text("it's"),
					      store_int(INT64_MAX), null };
	answer = scene_query(
		&scene, scene.org,
		&(struct store_step) {
			"INSERT INTO agents (created, name, hostname, id, org, state, "
			"enrolled_by, last_seen) VALUES ($3, $2, $2, 'x', $1, '', '', $4) "
			"RETURNING name, created, last_seen",
			params, 4, STORE_SOME });
	CHECK_TEXT(answer.text, "");
	CHECK_TEXT(answer.rows, "it's 9223372036854775807 NULL ");
	CHECK_INT(answer.n_rows, 1);
	CHECK_INT(answer.n_changed, 1);
	scene_close(&scene);
}

TEST(a_batch_holds_whole_or_not_at_all)
{
	struct scene scene;
	struct answer answer;

	scene_open(&scene);
	const struct store_value agent[] = { store_text(scene.org), store_text("a"), store_int(1) };
	const struct store_value org[] = { store_text(scene.org) };
	struct store_step steps[] = {
		{ insert_agent, agent, 3, STORE_SOME },
		{ "SELECT id FROM tokens WHERE org = $1", org, 1, STORE_SOME },
	};
	struct store_batch batch = { .org = scene.org, .steps = steps, .n_steps = 2 };

	answer = scene_run(&scene, &batch);
	CHECK_INT(answer.code, -ENOENT);
	CHECK(strstr(answer.text, "step 2"));
	CHECK_TEXT(list_agents(&scene).rows, "");
	steps[1] =
		(struct store_step) { "SELECT id FROM agents WHERE org = $1", org, 1, STORE_NONE };
	answer = scene_run(&scene, &batch);
	CHECK_INT(answer.code, -EEXIST);
	CHECK_TEXT(list_agents(&scene).rows, "");
	steps[1].expect = STORE_SOME;
	answer = scene_run(&scene, &batch);
	CHECK_TEXT(answer.text, "");
	CHECK_TEXT(answer.rows, "a ");
	scene_close(&scene);
}

TEST(what_the_schema_forbids_is_told_apart)
{
	struct scene scene;

	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org) };
	const struct store_value agent[] = { store_text("nobody"), store_text("a"), store_int(1) };

	CHECK_INT(add_agent(&scene, scene.org, "a").code, 0);
	CHECK_INT(add_agent(&scene, scene.org, "a").code, -EEXIST);
	CHECK_INT(scene_query(&scene, "nobody",
			      &(struct store_step) { insert_agent, agent, 3, STORE_ANY })
			  .code,
		  -ENOENT);
	CHECK_INT(scene_query(&scene, scene.org,
			      &(struct store_step) { "INSERT INTO tokens (org) VALUES ($1)", params,
						     1, STORE_ANY })
			  .code,
		  -EINVAL);
	CHECK_INT(scene_query(&scene, scene.org,
			      &(struct store_step) { "SELECT nothing FROM nowhere WHERE org = $1",
						     params, 1, STORE_ANY })
			  .code,
		  -EINVAL);
	CHECK_INT(scene_query(&scene, scene.org,
			      &(struct store_step) { "SELECT 1.5 FROM orgs WHERE id = $1", params,
						     1, STORE_ANY })
			  .code,
		  -EINVAL);
	CHECK_INT(add_agent(&scene, scene.org, "b").code, 0);
	scene_close(&scene);
}

TEST(parameters_are_counted)
{
	struct scene scene;

	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org), store_int(1), store_int(2) };
	const char *sql = "SELECT id FROM agents WHERE org = $1 AND created = $2";

	for (unsigned i = 0; i < 2; i++) {
		CHECK_INT(scene_query(&scene, scene.org,
				      &(struct store_step) { sql, params, 1, STORE_ANY })
				  .code,
			  -EINVAL);
		CHECK_INT(scene_query(&scene, scene.org,
				      &(struct store_step) { sql, params, 3, STORE_ANY })
				  .code,
			  -EINVAL);
		CHECK_INT(scene_query(&scene, scene.org,
				      &(struct store_step) { sql, params, 2, STORE_ANY })
				  .code,
			  0);
	}
	scene_close(&scene);
}

/* All in one turn of the loop, so in one transaction or few. */
TEST(a_batch_that_fails_leaves_its_neighbours_alone)
{
	static struct answer answers[N_BATCHES];
	struct scene scene;

	scene_open(&scene);
	memset(answers, 0, sizeof(answers));
	for (unsigned i = 0; i < N_BATCHES; i++) {
		const struct store_value params[] = { store_text(scene.org),
						      store_int(i % 4 == 3 ? i - 1 : i),
						      store_int(0), store_text("neighbour"),
						      store_text("{}") };
		const struct store_step step = scene_event(params);
		const struct store_batch batch = { .org = scene.org, .steps = &step, .n_steps = 1 };

		(void)store_submit(scene.store, &batch, scene_handle_done, &answers[i]);
	}
	for (unsigned i = 0; i < N_BATCHES; i++) {
		scene_wait(&scene, &answers[i]);
		CHECK_INT(answers[i].code, i % 4 == 3 ? -EEXIST : 0);
	}
	CHECK_INT(scene_count(&scene, "neighbour"), N_BATCHES / 4 * 3);
	CHECK_INT(store_n_pending(scene.store), 0);
	scene_close(&scene);
}

TEST(large_texts_pass)
{
	struct scene scene;
	CLEANUP(text) char *large = malloc(8 * MIB + 1);
	struct answer answer;

	CHECK(large);
	memset(large, 'x', 8 * MIB);
	large[8 * MIB] = '\0';
	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org), store_int(1), store_int(0),
					      store_text("large"), store_text(large) };
	const struct store_step steps[] = {
		scene_event(params),
		{ "SELECT LENGTH(data), data FROM events WHERE org = $1", params, 1, STORE_SOME },
	};
	answer = scene_run(&scene, &(struct store_batch) { scene.org, steps, 2, 0 });
	CHECK_TEXT(answer.text, "");
	CHECK(strncmp(answer.rows, "8388608 xxxx", 12) == 0);
	scene_close(&scene);
}

TEST(a_result_beyond_its_bounds_is_refused)
{
	static const char sql[] = "WITH RECURSIVE n (i) AS (SELECT CAST($1 AS BIGINT) UNION ALL "
				  "SELECT i + 1 FROM n WHERE i < 70000) SELECT i FROM n";
	const struct store_value one[] = { store_int(1) };
	struct scene scene;

	scene_open(&scene);
	CHECK_INT(scene_query(&scene, STORE_EVERY_ORG,
			      &(struct store_step) { sql, one, 1, STORE_ANY })
			  .code,
		  -E2BIG);
	CHECK_INT(add_agent(&scene, scene.org, "after").code, 0);
	scene_close(&scene);
}

TEST(a_deadline_ends_a_statement_and_its_batch)
{
	static const char endless[] =
		"WITH RECURSIVE n (i) AS (SELECT CAST($2 AS BIGINT) UNION ALL "
		"SELECT i + 1 FROM n WHERE i < 1000000000000) "
		"SELECT COUNT(*) FROM n WHERE CAST($1 AS TEXT) <> ''";
	struct scene scene;
	struct answer answer, beside = { 0 };

	scene_open(&scene);
	const struct store_value agent[] = { store_text(scene.org), store_text("a"), store_int(1) };
	const struct store_value params[] = { store_text(scene.org), store_int(1) };
	const struct store_step steps[] = {
		{ insert_agent, agent, 3, STORE_SOME },
		{ endless, params, 2, STORE_ANY },
	};
	const struct store_value event[] = { store_text(scene.org), store_int(1), store_int(0),
					     store_text("beside"), store_text("") };
	const struct store_step step = scene_event(event);

	(void)store_submit(scene.store, &(struct store_batch) { scene.org, &step, 1, 0 },
			   scene_handle_done, &beside);
	answer = scene_run(&scene, &(struct store_batch) { scene.org, steps, 2, 300 * NS_PER_MS });
	CHECK_INT(answer.code, -ETIMEDOUT);
	CHECK_INT(beside.n_done, 1);
	CHECK_INT(beside.code, 0);
	CHECK_TEXT(list_agents(&scene).rows, "");
	CHECK_INT(scene_count(&scene, "beside"), 1);
	scene_close(&scene);
}

TEST(a_question_goes_before_what_is_not_answered_yet)
{
	struct answer written = { 0 }, asked = { 0 };
	struct scene scene;

	scene_open(&scene);
	const struct store_value agent[] = { store_text(scene.org), store_text("a"), store_int(7) };
	const struct store_value org[] = { store_text(scene.org) };
	const struct store_step insert = { insert_agent, agent, 3, STORE_SOME };
	const struct store_step list = { "SELECT id FROM agents WHERE org = $1", org, 1,
					 STORE_ANY };
	const struct store_batch write = { .org = scene.org, .steps = &insert, .n_steps = 1 };
	const struct store_batch question = {
		.org = scene.org, .steps = &list, .n_steps = 1, .is_question = true
	};

	/* Both are sent in the same turn of the loop. */
	(void)store_submit(scene.store, &write, scene_handle_done, &written);
	(void)store_submit(scene.store, &question, scene_handle_done, &asked);
	scene_wait(&scene, &asked);
	CHECK_TEXT(asked.text, "");
	CHECK_TEXT(asked.rows, "");
	if (!written.n_done)
		scene_wait(&scene, &written);
	CHECK_INT(written.n_changed, 1);
	CHECK_TEXT(scene_run(&scene, &question).rows, "a ");
	scene_close(&scene);
}

TEST(a_full_queue_refuses_and_says_so)
{
	static struct answer answers[STORE_MAX_PENDING + 10];
	struct scene scene;
	unsigned n_refused = 0;

	scene_open(&scene);
	memset(answers, 0, sizeof(answers));
	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		const struct store_value params[] = { store_text(scene.org), store_int(i),
						      store_int(0), store_text("full"),
						      store_text("") };
		const struct store_step step = scene_event(params);
		const struct store_batch batch = { .org = scene.org,
						   .steps = &step,
						   .n_steps = 1,
						   .deadline_ns = 60 * NS_PER_SEC };

		(void)store_submit(scene.store, &batch, scene_handle_done, &answers[i]);
	}
	CHECK_INT(store_n_pending(scene.store), ARRAY_LEN(answers));
	for (unsigned i = 0; i < ARRAY_LEN(answers); i++) {
		scene_wait(&scene, &answers[i]);
		n_refused += answers[i].code == -EBUSY;
		CHECK(answers[i].code == 0 || i >= STORE_MAX_PENDING);
	}
	CHECK_INT(n_refused, 10);
	CHECK_INT(scene_count(&scene, "full"), STORE_MAX_PENDING);
	scene_close(&scene);
}

TEST(a_forgotten_batch_goes_on_in_silence)
{
	struct scene scene;
	struct answer answer = { 0 };
	uint64_t ticket;

	scene_open(&scene);
	const struct store_value params[] = { store_text(scene.org), store_int(1), store_int(0),
					      store_text("silent"), store_text("") };
	const struct store_step step = scene_event(params);

	ticket = store_submit(scene.store, &(struct store_batch) { scene.org, &step, 1, 0 },
			      scene_handle_done, &answer);
	store_forget(scene.store, ticket);
	CHECK_INT(scene_count(&scene, "silent"), 1);
	CHECK_INT(answer.n_done, 0);
	scene_close(&scene);
}

/* SQLite has the rule that $1 is the org; PostgreSQL also the security of rows. */
TEST(rows_of_another_org_are_out_of_reach)
{
	static const char wrong[] = "SELECT id FROM agents WHERE org = $1 OR org <> $1";
	static const char theft[] = "UPDATE agents SET name = $1 WHERE org <> $1";
	static const char forged[] =
		"INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by)"
		" VALUES ($2, 'z', $1, '', '', 0, '')";
	struct scene scene;
	struct answer answer;

	scene_open(&scene);
	const struct store_value org[] = { store_text(scene.org) };
	const struct store_value both[] = { store_text(scene.org), store_text(scene.other_org) };

	CHECK_INT(add_agent(&scene, scene.org, "mine").code, 0);
	CHECK_INT(add_agent(&scene, scene.other_org, "theirs").code, 0);
	CHECK_INT(scene_query(&scene, scene.org,
			      &(struct store_step) { "SELECT id FROM agents", NULL, 0, STORE_ANY })
			  .code,
		  -EINVAL);
	if (scene_is_postgresql()) {
		answer = scene_query(&scene, scene.org,
				     &(struct store_step) { wrong, org, 1, STORE_ANY });
		CHECK_TEXT(answer.rows, "mine ");
		answer = scene_query(&scene, scene.org,
				     &(struct store_step) { theft, org, 1, STORE_ANY });
		CHECK_INT(answer.n_changed, 0);
		CHECK_INT(scene_query(&scene, scene.org,
				      &(struct store_step) { forged, both, 2, STORE_ANY })
				  .code,
			  -EACCES);
		answer = scene_query(&scene, scene.org,
				     &(struct store_step) { "SELECT id FROM orgs WHERE id <> $1",
							    org, 1, STORE_ANY });
		CHECK_TEXT(answer.rows, "");
	}
	answer = scene_query(&scene, STORE_EVERY_ORG,
			     &(struct store_step) { "SELECT id FROM agents WHERE org IN ($1, $2) "
						    "ORDER BY id",
						    both, 2, STORE_ANY });
	CHECK_TEXT(answer.rows, "mine theirs ");
	scene_close(&scene);
}
