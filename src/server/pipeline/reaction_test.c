#include "server/pipeline/reaction.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/store/scene.h"

/* What the callbacks said. */
struct told {
	struct scene *scene;
	struct answer answer;
	unsigned n_planned;
	char why_not[ERROR_TEXT_BYTES];
	char due[512]; /* "due pipeline round agents failure;" of each */
	struct reaction last;
};

static void run(struct scene *scene, const char *sql, const struct store_value *params, unsigned n)
{
	const struct store_step step = { sql, params, n, STORE_ANY };
	struct answer answer = scene_query(scene, scene->org, &step);

	if (answer.code)
		FAIL("%s", answer.text);
}

static void add_agent(struct scene *scene, const char *host)
{
	const struct store_value params[] = { store_text(scene->org), store_text(host) };

	run(scene,
	    "INSERT INTO agents (org, id, name, hostname, state, created, enrolled_by) "
	    "VALUES ($1, $2, $2, $2, 'connected', 1, 'test')",
	    params, ARRAY_LEN(params));
}

static void add_incident(struct scene *scene)
{
	const struct store_value params[] = { store_text(scene->org) };

	run(scene,
	    "INSERT INTO incidents (org, id, number, state, severity, integration, opened, "
	    "updated, "
	    "correlation, title) VALUES ($1, 'inc', 1, 'open', 'critical', 'i', 1, 1, 'c', 't')",
	    params, ARRAY_LEN(params));
}

static void add_alert(struct scene *scene, const char *id, const char *host)
{
	CLEANUP(json)
	json_t *alert = json_pack("{s:s, s:{s:s}}", "name", "Down", "labels", "instance", host);
	CLEANUP(text) char *data = json_canonical(alert);
	const struct store_value params[] = { store_text(scene->org), store_text(id),
					      store_text(data),
					      store_int((int64_t)clock_wall_ns()) };

	run(scene,
	    "INSERT INTO alerts (org, id, incident, integration, fingerprint, status, severity, "
	    "starts, received, updated, name, data) VALUES ($1, $2, 'inc', 'i', $2, 'firing', "
	    "'critical', 1, $4, $4, 'Down', $3)",
	    params, ARRAY_LEN(params));
}

static void open_scene(struct scene *scene)
{
	scene_require_walls();
	scene_open(scene);
	add_agent(scene, "web1");
	add_agent(scene, "web2");
	add_incident(scene);
	add_alert(scene, "al_1", "web1");
}

static void handle_planned(unsigned n_planned, const char *why_not, const struct error *err,
			   void *data)
{
	struct told *told = data;

	if (err)
		FAIL("%s", err->text);
	told->n_planned += n_planned;
	text_format(told->why_not, sizeof(told->why_not), "%s", why_not ? why_not : "");
	told->answer.n_done++;
}

static struct told plan(struct scene *scene)
{
	struct told told = { 0 };

	reaction_plan(scene->store, scene->org, "inc", handle_planned, &told);
	scene_wait(scene, &told.answer);
	return told;
}

static void handle_found(const struct reaction_item *item, void *data)
{
	struct told *told = data;
	size_t len = strlen(told->due);

	if (strcmp(item->reaction.org, told->scene->org) != 0)
		return; /* on PostgreSQL there are those of other scenes */
	text_format(told->due + len, sizeof(told->due) - len, "%d %s %d %zu;", (int)item->due,
		    item->reaction.pipeline, (int)item->reaction.round,
		    json_array_size(json_object_get(item->reaction.route, "agents")));
	reaction_finish(&told->last);
	told->last = item->reaction;
	json_incref(told->last.route);
}

static void handle_all_found(const struct error *err, void *data)
{
	struct told *told = data;

	if (err)
		FAIL("%s", err->text);
	told->answer.n_done++;
}

static struct told find(struct scene *scene)
{
	struct told told = { .scene = scene };
	const struct reaction_finder finder = { handle_found, handle_all_found, &told };

	reaction_find_due(scene->store, &finder);
	scene_wait(scene, &told.answer);
	return told;
}

static int take(struct scene *scene, const struct reaction *reaction, enum reaction_step step)
{
	struct store_value room[REACTION_PARAMS];
	const struct store_step taken = reaction_step(reaction, step, room);

	return scene_query(scene, scene->org, &taken).code;
}

static void turn(struct scene *scene, enum reaction_turn which)
{
	struct answer answer = { 0 };

	reaction_turn(scene->store, scene->org, "inc", which, scene_handle_done, &answer);
	scene_wait(scene, &answer);
	CHECK_INT(answer.code, 0);
}

static void check_due(struct scene *scene, const char *expected)
{
	struct told told = find(scene);

	CHECK_TEXT(told.due, expected);
	reaction_finish(&told.last);
}

/* As server/inquiry would have it, ended. */
static void add_investigation(struct scene *scene, const char *thread, const char *report)
{
	const struct store_value params[] = { store_text(scene->org), store_text(thread),
					      store_int((int64_t)clock_wall_ns()),
					      store_text(report) };

	run(scene,
	    "INSERT INTO threads (org, id, created, updated, caller, title) "
	    "VALUES ($1, $2, $3, $3, 'p', 't') ON CONFLICT DO NOTHING",
	    params, 3);
	run(scene,
	    "INSERT INTO investigations (org, id, thread, turn, state, owner, caller, engine, "
	    "created, finished, max_ms, max_calls, max_tokens, max_cost_micros, question, agents, "
	    "request, report) VALUES ($1, 'inv', $2, 1, 'done', 'o', 'c', 'builtin', $3, $3, 1, 1, "
	    "1, 1, 'q', '[]', '{}', $4)",
	    params, ARRAY_LEN(params));
}

TEST(an_incident_is_planned_once)
{
	struct scene scene;

	open_scene(&scene);
	CHECK_INT(plan(&scene).n_planned, 1);
	CHECK_INT(plan(&scene).n_planned, 0);
	check_due(&scene, "0 default 1 1;");
	scene_close(&scene);
}

TEST(two_that_plan_at_once_plan_it_once)
{
	struct scene scene;
	struct told told = { 0 };

	open_scene(&scene);
	reaction_plan(scene.store, scene.org, "inc", handle_planned, &told);
	reaction_plan(scene.store, scene.org, "inc", handle_planned, &told);
	while (told.answer.n_done < 2)
		CHECK(event_base_loop(scene.base, EVLOOP_ONCE) >= 0);
	CHECK_INT(told.n_planned, 1);
	check_due(&scene, "0 default 1 1;");
	scene_close(&scene);
}

TEST(it_is_looked_into_again_for_a_host_that_joins_and_not_without_end)
{
	struct scene scene;

	open_scene(&scene);
	(void)plan(&scene);
	add_alert(&scene, "al_2", "web1");
	CHECK_INT(plan(&scene).n_planned, 0);
	add_alert(&scene, "al_3", "web2");
	CHECK_INT(plan(&scene).n_planned, 1);
	check_due(&scene, "0 default 1 1;0 default 2 2;");
	for (unsigned i = 3; i < 6; i++) {
		char host[16];

		text_format(host, sizeof(host), "web%u", i);
		add_agent(&scene, host);
		add_alert(&scene, host, host);
		CHECK_INT(plan(&scene).n_planned, i <= REACTION_MAX_ROUNDS);
	}
	scene_close(&scene);
}

TEST(what_names_no_host_is_not_planned_and_says_why)
{
	struct scene scene;
	struct told told;

	scene_require_walls();
	scene_open(&scene);
	add_incident(&scene);
	add_alert(&scene, "al_1", "nobody");
	told = plan(&scene);
	CHECK_INT(told.n_planned, 0);
	CHECK(strstr(told.why_not, "nobody: no enrolled host has this name"));
	scene_close(&scene);
}

TEST(a_state_is_taken_once)
{
	struct scene scene;
	struct told told;

	open_scene(&scene);
	(void)plan(&scene);
	told = find(&scene);
	CHECK_INT(take(&scene, &told.last, REACTION_TELLS), -ENOENT);
	CHECK_INT(take(&scene, &told.last, REACTION_STARTS), 0);
	CHECK_INT(take(&scene, &told.last, REACTION_STARTS), -ENOENT);
	check_due(&scene, "");
	add_investigation(&scene, told.last.thread, "{}");
	check_due(&scene, "1 default 1 1;");
	CHECK_INT(take(&scene, &told.last, REACTION_TELLS), 0);
	check_due(&scene, "");
	reaction_finish(&told.last);
	scene_close(&scene);
}

TEST(an_end_is_told_after_the_report_and_taken_back)
{
	struct scene scene;
	struct told told;

	open_scene(&scene);
	(void)plan(&scene);
	told = find(&scene);
	CHECK_INT(take(&scene, &told.last, REACTION_STARTS), 0);
	turn(&scene, REACTION_ENDED);
	check_due(&scene, "");
	add_investigation(&scene, told.last.thread, "{}");
	check_due(&scene, "1 default 1 1;");
	CHECK_INT(take(&scene, &told.last, REACTION_TELLS), 0);
	check_due(&scene, "2 default 1 1;");
	CHECK_INT(take(&scene, &told.last, REACTION_CLOSES), 0);
	check_due(&scene, "");
	turn(&scene, REACTION_REOPENED);
	check_due(&scene, "3 default 1 1;");
	CHECK_INT(take(&scene, &told.last, REACTION_REOPENS), 0);
	check_due(&scene, "");
	reaction_finish(&told.last);
	scene_close(&scene);
}

TEST(all_rounds_end_together_and_once)
{
	struct scene scene;
	struct told first, second;

	open_scene(&scene);
	(void)plan(&scene);
	first = find(&scene);
	CHECK_INT(take(&scene, &first.last, REACTION_STARTS), 0);
	CHECK_INT(take(&scene, &first.last, REACTION_TELLS), 0);
	add_alert(&scene, "al_2", "web2");
	CHECK_INT(plan(&scene).n_planned, 1);
	turn(&scene, REACTION_ENDED);
	check_due(&scene, "0 default 2 2;");
	second = find(&scene);
	CHECK_INT(take(&scene, &second.last, REACTION_STARTS), 0);
	CHECK_INT(take(&scene, &second.last, REACTION_TELLS), 0);
	check_due(&scene, "2 default 2 2;");
	CHECK_INT(take(&scene, &second.last, REACTION_CLOSES), 0);
	check_due(&scene, "");
	CHECK_INT(take(&scene, &first.last, REACTION_CLOSES), -ENOENT);
	reaction_finish(&first.last);
	reaction_finish(&second.last);
	scene_close(&scene);
}

TEST(what_was_merged_before_it_began_never_begins)
{
	struct scene scene;

	open_scene(&scene);
	(void)plan(&scene);
	turn(&scene, REACTION_MERGED);
	check_due(&scene, "");
	scene_close(&scene);
}
