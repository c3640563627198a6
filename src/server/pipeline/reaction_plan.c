/* From an incident's alerts to rows that say what is to be done about it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/pipeline/reaction.h"
#include "server/pipeline/routing.h"
#include "server/pipeline/target.h"

#define MAX_TRIES 5

/* REACTION_MAX_ALERTS of them, the newest */
static const char alerts_sql[] =
	"SELECT data FROM alerts WHERE org = $1 AND incident = $2 AND status = 'firing' "
	"ORDER BY received DESC, id LIMIT 16";
static const char known_sql[] = "SELECT pipeline, round, route FROM reactions WHERE org = $1 AND "
				"incident = $2 ORDER BY pipeline, round";
static const char open_sql[] = "SELECT count(*) FROM reactions WHERE org = $1 AND "
			       "state IN ('planned', 'started')";
static const char insert_sql[] =
	"INSERT INTO reactions (org, incident, pipeline, round, state, created, changed, thread, "
	"route) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)";

enum plan_step {
	PLAN_ALERTS = ROUTING_STEPS,
	PLAN_KNOWN,
	PLAN_OPEN,
	PLAN_STEPS,
};

struct planning {
	struct store *store;
	char org[REACTION_ID_BYTES], incident[REACTION_ID_BYTES];
	reaction_planned *done;
	void *data;
	unsigned n_tries, n_planned;
	char why_not[ERROR_TEXT_BYTES];
};

/* A row to be made. */
struct draft {
	struct reaction reaction;
	char *route_text;
	struct store_value params[8];
};

struct drafts {
	struct draft list[ROUTING_MAX_ROUTES];
	unsigned n;
};

static void finish(struct planning *planning, const struct error *err)
{
	planning->done(planning->n_planned, planning->why_not[0] ? planning->why_not : NULL, err,
		       planning->data);
	free(planning);
}

static bool has_item(const json_t *list, const json_t *item)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (json_equal(one, item)) return true;
	return false;
}

/* An agent is the same whoever named it. */
static bool has_agent(const json_t *list, const json_t *agent)
{
	const char *id = json_get_text(agent, "id", "");
	const json_t *one;
	size_t i;

	json_array_foreach(list, i,
			   one) if (strcmp(json_get_text(one, "id", ""), id) == 0) return true;
	return false;
}

static void join_list(json_t *into, const json_t *from, const char *name)
{
	json_t *list = json_object_get(into, name);
	bool is_agents = strcmp(name, "agents") == 0;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(from, name), i, one)
	{
		if (is_agents ? has_agent(list, one) : has_item(list, one))
			continue;
		if (!is_agents || json_array_size(list) < TARGET_MAX_AGENTS)
			json_push(list, json_incref((json_t *)one));
		else
			json_put(into, "left_out",
				 json_integer(json_get_int(into, "left_out", 0) + 1));
	}
}

/* The window is that of the newest alert, which came first. */
static void join_route(json_t *routes, const json_t *route)
{
	static const char *const lists[] = { "agents", "unresolved", "namespaces", "log_groups",
					     "services" };
	const char *name = json_get_text(route, "pipeline", "");
	json_t *there = NULL;
	size_t i;

	json_array_foreach(routes, i, there) if (strcmp(json_get_text(there, "pipeline", ""),
							name) == 0) break;
	if (i == json_array_size(routes)) {
		if (i < ROUTING_MAX_ROUTES)
			json_push(routes, json_deep_copy(route));
		return;
	}
	for (size_t n = 0; n < ARRAY_LEN(lists); n++)
		join_list(there, route, lists[n]);
}

/* The routes of all its alerts, one for each pipeline. */
static json_t *find_routes(const struct store_result *result)
{
	const struct store_rows *alerts = &result->steps[PLAN_ALERTS];
	json_t *routes = json_array();

	for (unsigned row = 0; row < alerts->n_rows; row++) {
		CLEANUP(json) json_t *alert = json_loads(store_text_at(alerts, row, 0), 0, NULL);
		CLEANUP(json) json_t *routing = routing_read(result->steps, alert);
		const json_t *route;
		size_t i;

		json_array_foreach(json_object_get(routing, "routes"), i, route)
			join_route(routes, route);
	}
	return routes;
}

/* What earlier rounds of the pipeline looked at, as one route; and how many there were. */
static json_t *find_covered(const struct store_rows *known, const char *pipeline,
			    int64_t *rounds_out)
{
	json_t *covered = json_pack("{s:[], s:[]}", "agents", "services");

	*rounds_out = 0;
	for (unsigned row = 0; row < known->n_rows; row++) {
		CLEANUP(json) json_t *route = NULL;

		if (strcmp(store_text_at(known, row, 0), pipeline) != 0)
			continue;
		route = json_loads(store_text_at(known, row, 2), 0, NULL);
		join_list(covered, route, "agents");
		join_list(covered, route, "services");
		*rounds_out = store_int_at(known, row, 1);
	}
	return covered;
}

static bool brings_news(const json_t *route, const json_t *covered)
{
	const json_t *one;
	size_t i;

	json_array_foreach(
		json_object_get(route, "agents"), i,
		one) if (!has_agent(json_object_get(covered, "agents"), one)) return true;
	json_array_foreach(
		json_object_get(route, "services"), i,
		one) if (!has_item(json_object_get(covered, "services"), one)) return true;
	return false;
}

/* For people, of a route that names nobody. */
static void explain(struct planning *planning, const json_t *route)
{
	const json_t *missed = json_array_get(json_object_get(route, "unresolved"), 0);

	if (missed)
		text_format(planning->why_not, sizeof(planning->why_not),
			    "pipeline '%s' names no enrolled host: %.100s: %.200s",
			    json_get_text(route, "pipeline", ""), json_get_text(missed, "name", ""),
			    json_get_text(missed, "why", ""));
	else
		text_format(planning->why_not, sizeof(planning->why_not),
			    "pipeline '%s' finds no host in the labels of its alerts",
			    json_get_text(route, "pipeline", ""));
}

/* A thread for all rounds of one pipeline; of its own name, since each may be asked further. */
static void make_thread(const struct planning *planning, const char *pipeline,
			char thread[REACTION_THREAD_BYTES])
{
	char text[512], sha256[TOKEN_HASH_BYTES];

	text_format(text, sizeof(text), "%s/%s/%s", planning->org, planning->incident, pipeline);
	(void)token_hash(text, strlen(text), sha256);
	text_format(thread, REACTION_THREAD_BYTES, "incident-%.32s", sha256);
}

static void add_draft(struct planning *planning, struct drafts *drafts, const json_t *route,
		      int64_t round, const char *state)
{
	struct draft *draft = &drafts->list[drafts->n++];
	const char *pipeline = json_get_text(route, "pipeline", "");

	text_format(draft->reaction.pipeline, sizeof(draft->reaction.pipeline), "%s", pipeline);
	make_thread(planning, pipeline, draft->reaction.thread);
	draft->route_text = json_canonical(route);
	draft->params[0] = store_text(planning->org);
	draft->params[1] = store_text(planning->incident);
	draft->params[2] = store_text(draft->reaction.pipeline);
	draft->params[3] = store_int(round);
	draft->params[4] = store_text(state);
	draft->params[5] = store_int((int64_t)clock_wall_ns());
	draft->params[6] = store_text(draft->reaction.thread);
	draft->params[7] = store_text(draft->route_text);
}

static void draft_route(struct planning *planning, struct drafts *drafts, const json_t *route,
			const struct store_result *result)
{
	int64_t rounds, n_open = store_int_at(&result->steps[PLAN_OPEN], 0, 0);
	CLEANUP(json)
	json_t *covered = find_covered(&result->steps[PLAN_KNOWN],
				       json_get_text(route, "pipeline", ""), &rounds);

	if (!json_array_size(json_object_get(route, "agents"))) {
		explain(planning, route);
		return;
	}
	if (rounds >= REACTION_MAX_ROUNDS || (rounds && !brings_news(route, covered)))
		return;
	if (n_open + planning->n_planned >= REACTION_MAX_OPEN) {
		text_format(planning->why_not, sizeof(planning->why_not),
			    "%d investigations of incidents wait or run already",
			    REACTION_MAX_OPEN);
		add_draft(planning, drafts, route, rounds + 1, "skipped");
		return;
	}
	planning->n_planned++;
	add_draft(planning, drafts, route, rounds + 1, "planned");
}

static void begin(struct planning *planning);

static void handle_saved(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct planning *planning = data;

	/* Another server planned the same meanwhile: what is left to do is decided again. */
	if (err && err->code == -EEXIST && planning->n_tries < MAX_TRIES)
		begin(planning);
	else
		finish(planning, err);
}

static void save(struct planning *planning, const struct drafts *drafts)
{
	struct store_step steps[ROUTING_MAX_ROUTES];
	const struct store_batch batch = { .org = planning->org,
					   .steps = steps,
					   .n_steps = drafts->n };

	for (unsigned i = 0; i < drafts->n; i++)
		steps[i] = (struct store_step) { insert_sql, drafts->list[i].params, 8, STORE_ANY };
	(void)store_submit(planning->store, &batch, handle_saved, planning);
}

static void handle_read(const struct store_result *result, const struct error *err, void *data)
{
	struct planning *planning = data;
	struct drafts *drafts;
	CLEANUP(json) json_t *routes = NULL;
	const json_t *route;
	size_t i;

	if (err) {
		finish(planning, err);
		return;
	}
	drafts = calloc(1, sizeof(*drafts));
	if (!drafts)
		abort();
	routes = find_routes(result);
	json_array_foreach(routes, i, route) draft_route(planning, drafts, route, result);
	if (drafts->n)
		save(planning, drafts);
	else
		finish(planning, NULL);
	for (i = 0; i < drafts->n; i++)
		free(drafts->list[i].route_text);
	free(drafts);
}

static void begin(struct planning *planning)
{
	const struct store_value params[] = { store_text(planning->org),
					      store_text(planning->incident) };
	struct store_step steps[PLAN_STEPS];
	const struct store_batch batch = { .org = planning->org,
					   .steps = steps,
					   .n_steps = PLAN_STEPS };

	planning->n_tries++;
	planning->n_planned = 0;
	planning->why_not[0] = '\0';
	routing_steps(params, steps);
	steps[PLAN_ALERTS] = (struct store_step) { alerts_sql, params, 2, STORE_ANY };
	steps[PLAN_KNOWN] = (struct store_step) { known_sql, params, 2, STORE_ANY };
	steps[PLAN_OPEN] = (struct store_step) { open_sql, params, 1, STORE_ANY };
	(void)store_submit(planning->store, &batch, handle_read, planning);
}

void reaction_plan(struct store *store, const char *org, const char *incident,
		   reaction_planned *done, void *data)
{
	struct planning *planning = calloc(1, sizeof(*planning));

	if (!planning)
		abort();
	planning->store = store;
	planning->done = done;
	planning->data = data;
	text_format(planning->org, sizeof(planning->org), "%s", org);
	text_format(planning->incident, sizeof(planning->incident), "%s", incident);
	begin(planning);
}
