#include "server/pipeline/dry_run.h"

#include "server/pipeline/routing.h"

static const char alert_sql[] = "SELECT data FROM alerts WHERE org = $1 AND id = $2";

bool dry_run_knows_engine(const struct exchange *exchange, const char *engine)
{
	const struct api *api = exchange->api;

	return !api->knows_engine || api->knows_engine(api, engine);
}

/* What an alert would come to grief over. */
static void add_missing_engine(const struct exchange *exchange, json_t *route)
{
	const char *engine = json_get_text(route, "engine", "");

	if (!dry_run_knows_engine(exchange, engine))
		json_put(route, "missing_engine", json_string(engine));
}

static void add_states(struct exchange *exchange, json_t *agents)
{
	const char *org = exchange->caller.org->id;
	json_t *agent;
	size_t i;

	json_array_foreach(agents, i, agent)
	{
		struct hub_state state =
			hub_get_state(exchange->api->hub, org, json_get_text(agent, "id", ""));

		json_put(agent, "state", json_string(hub_presence_name(state.presence)));
	}
}

static void handle_routing(const json_t *routing, const struct error *err, void *data)
{
	struct exchange *exchange = data;
	json_t *answer, *route;
	size_t i;

	if (err) {
		exchange_fail(exchange, err);
		return;
	}
	answer = json_deep_copy(routing);
	json_array_foreach(json_object_get(answer, "routes"), i, route)
	{
		add_states(exchange, json_object_get(route, "agents"));
		add_missing_engine(exchange, route);
	}
	exchange_answer(exchange, answer);
}

static void test_alert(struct exchange *exchange, const json_t *alert)
{
	routing_find(exchange->api->store, exchange->caller.org->id, alert, handle_routing,
		     exchange);
}

static void handle_alert(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json) json_t *alert = NULL;

	if (result->steps[0].n_rows == 0) {
		exchange_refuse(exchange, 404, NULL, "there is no such alert");
		return;
	}
	alert = json_loads(store_text_at(&result->steps[0], 0, 0), 0, NULL);
	test_alert(exchange, alert);
}

/* What people write has the severity among the labels, as their rules have it. */
static void complete(json_t *alert)
{
	const char *severity = json_get_text(json_object_get(alert, "labels"), "severity", NULL);

	if (severity && !json_object_get(alert, "severity"))
		json_put(alert, "severity", json_string(severity));
}

void dry_run_post(struct exchange *exchange)
{
	json_t *alert = json_object_get(exchange->body, "alert");
	const char *id = exchange_member(exchange, "alert_id", NULL);

	if (!alert == !id) {
		exchange_refuse(exchange, 400, "bad_request",
				"the body: give either \"alert\" or \"alert_id\"");
	} else if (alert) {
		complete(alert);
		test_alert(exchange, alert);
	} else {
		exchange_submit(exchange,
				&(struct store_step)STEP(alert_sql, STORE_ANY,
							 exchange_org(exchange), store_text(id)),
				1, handle_alert);
	}
}
