#include <string.h>

#include "base/test.h"
#include "server/inquiry/upkeep.h"
#include "server/store/scene.h"

static struct answer run(struct scene *scene, const char *sql, const struct store_value *params,
			 unsigned n)
{
	const struct store_step step = { sql, params, n, STORE_ANY };
	struct answer answer = scene_query(scene, scene->org, &step);

	if (answer.code)
		FAIL("%s", answer.text);
	return answer;
}

static void add_incident(struct scene *scene, const char *id, int64_t number, int64_t resolved)
{
	const struct store_value params[] = {
		store_text(scene->org),
		store_text(id),
		store_int(number),
		resolved ? store_int(resolved) : store_null(),
	};

	run(scene,
	    "INSERT INTO incidents (org, id, number, state, severity, integration, opened, "
	    "updated, "
	    "correlation, title, resolved) VALUES ($1, $2, $3, 'open', 'critical', 'i', 1, 1, 'c', "
	    "'t', CAST($4 AS BIGINT))",
	    params, ARRAY_LEN(params));
}

/* A thread with one investigation, of the same id, that was told something. */
static void add_thread(struct scene *scene, const char *id, int64_t updated, int64_t finished,
		       const char *incident)
{
	const struct store_value params[] = {
		store_text(scene->org), store_text(id),
		store_int(updated),     finished ? store_int(finished) : store_null(),
		store_text(incident),
	};

	run(scene,
	    "INSERT INTO threads (org, id, created, updated, caller, incident, title) VALUES ($1, "
	    "$2, 1, $3, 'c', CAST($4 AS TEXT), 't')",
	    (struct store_value[]) { params[0], params[1], params[2], params[4] }, 4);
	run(scene,
	    "INSERT INTO investigations (org, id, thread, turn, state, owner, caller, engine, "
	    "created, "
	    "finished, max_ms, max_calls, max_tokens, max_cost_micros, question, agents, request) "
	    "VALUES ($1, $2, $2, 1, 'done', 'o', 'c', 'builtin', 1, CAST($3 AS BIGINT), 1, 1, 1, "
	    "1, "
	    "'q', '[]', '{}')",
	    (struct store_value[]) { params[0], params[1], params[3] }, 3);
	run(scene,
	    "INSERT INTO investigation_events (org, investigation, seq, time, type, data) VALUES "
	    "($1, "
	    "$2, 1, 1, 'result', '{}')",
	    params, 2);
	run(scene,
	    "INSERT INTO investigation_orders (org, id, investigation, created, kind, data) VALUES "
	    "($1, $2, $2, 1, 'answer', '{}')",
	    params, 2);
	run(scene,
	    "INSERT INTO appeals (org, id, investigation, agent, kind, state, asked, expires, "
	    "data) "
	    "VALUES ($1, $2, $2, 'a', 'question', 'expired', 1, 2, '{}')",
	    params, 2);
	run(scene,
	    "INSERT INTO evidence (org, thread, number, investigation, agent, host, tool, asked, "
	    "args) "
	    "VALUES ($1, $2, 1, $2, 'a', 'h', 'get_load', 1, '{}')",
	    params, 2);
}

static void check_kept(struct scene *scene, const char *table, const char *column,
		       const char *expected)
{
	const struct store_value org = store_text(scene->org);
	char sql[256];

	text_format(sql, sizeof(sql), "SELECT %s FROM %s WHERE org = $1 ORDER BY %s", column, table,
		    column);
	CHECK_TEXT(run(scene, sql, &org, 1).rows, expected);
}

TEST(old_conversations_go_with_all_that_they_were_told)
{
	struct scene scene = { 0 };
	struct store_value params[1];
	struct store_step steps[INQUIRY_UPKEEP_STEPS];
	const struct store_batch batch = { .org = STORE_EVERY_ORG,
					   .steps = steps,
					   .n_steps = ARRAY_LEN(steps) };
	static const struct {
		const char *table, *column;
	} tables[] = {
		{ "threads", "id" },
		{ "investigations", "id" },
		{ "investigation_events", "investigation" },
		{ "investigation_orders", "investigation" },
		{ "appeals", "investigation" },
		{ "evidence", "thread" },
	};

	scene_require_walls();
	scene_open(&scene);
	add_incident(&scene, "is-open", 1, 0);
	add_incident(&scene, "is-over", 2, 50);
	add_thread(&scene, "new", 100, 100, "");
	add_thread(&scene, "old", 99, 99, "");
	add_thread(&scene, "old-of-open-incident", 10, 10, "is-open");
	add_thread(&scene, "old-of-past-incident", 10, 10, "is-over");
	add_thread(&scene, "old-that-runs", 10, 0, "");
	inquiry_upkeep_steps(100, params, steps);
	CHECK_INT(scene_run(&scene, &batch).code, 0);
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		check_kept(&scene, tables[i].table, tables[i].column,
			   "new old-of-open-incident old-that-runs ");
	scene_close(&scene);
}
