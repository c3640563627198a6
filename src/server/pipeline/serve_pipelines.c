/* Pipelines: each is one document, taken and given whole. And where an alert would go now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/document.h"
#include "server/pipeline/routes.h"
#include "server/pipeline/routing.h"

static const char list_sql[] = "SELECT document, created, changed, changed_by FROM pipelines "
			       "WHERE org = $1 ORDER BY position, name LIMIT 257";
static const char get_sql[] = "SELECT document, created, changed, changed_by FROM pipelines "
			      "WHERE org = $1 AND name = $2";
static const char named_sql[] = "SELECT name FROM pipelines WHERE org = $1 AND name = $2";
/* 256: PIPELINE_MAX_PER_ORG */
static const char save_sql[] =
	"INSERT INTO pipelines (org, name, position, created, changed, changed_by, document) "
	"SELECT id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($4 AS BIGINT), CAST($4 AS BIGINT), "
	"CAST($5 AS TEXT), CAST($6 AS TEXT) FROM orgs WHERE id = $1 AND (256 > (SELECT count(*) "
	"FROM pipelines WHERE org = $1) OR EXISTS (SELECT 1 FROM pipelines WHERE org = $1 AND "
	"name = $2)) "
	"ON CONFLICT (org, name) DO UPDATE SET position = excluded.position, "
	"changed = excluded.changed, changed_by = excluded.changed_by, "
	"document = excluded.document "
	"RETURNING document, created, changed, changed_by";
static const char delete_sql[] = "DELETE FROM pipelines WHERE org = $1 AND name = $2";
static const char alert_sql[] = "SELECT data FROM alerts WHERE org = $1 AND id = $2";

static json_t *describe_default(void)
{
	struct pipeline pipeline = { 0 };
	CLEANUP(json) json_t *document = pipeline_default();
	struct error err = { 0 };
	json_t *whole;

	if (pipeline_parse(document, &pipeline, &err) < 0)
		abort();
	whole = json_incref(pipeline.document);
	pipeline_finish(&pipeline);
	json_put(whole, "created", json_null());
	json_put(whole, "changed", json_null());
	json_put(whole, "changed_by", json_null());
	return whole;
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *list = json_array();
	bool has_default = false;

	for (unsigned i = 0; i < result->steps[0].n_rows; i++) {
		json_t *one = document_row(&result->steps[0], i);

		has_default |= strcmp(json_get_text(one, "name", ""), PIPELINE_DEFAULT) == 0;
		json_push(list, one);
	}
	if (!has_default)
		json_push(list, describe_default());
	exchange_answer(exchange, json_pack("{s:o}", "pipelines", list));
}

static void get_pipelines(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	const char *name = exchange->params[0];

	if (result->steps[0].n_rows)
		exchange_answer(exchange, document_row(&result->steps[0], 0));
	else if (strcmp(name, PIPELINE_DEFAULT) == 0)
		exchange_answer(exchange, describe_default());
	else
		exchange_refuse(exchange, 404, NULL, "there is no pipeline '%.128s'", name);
}

static void get_pipeline(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(get_sql, STORE_ANY, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void handle_not_saved(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL, "a pipeline of this name is there");
	else if (err->code == -ENOENT && exchange->params[0][0])
		exchange_refuse(exchange, 404, NULL, "there is no pipeline '%.128s'",
				exchange->params[0]);
	else if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL, "an org has at most %d pipelines",
				PIPELINE_MAX_PER_ORG);
	else
		exchange_fail(exchange, err);
}

static void handle_saved(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, document_row(&result->steps[result->n_steps - 2], 0));
}

/* The body as the store has it, or NULL: it was refused. */
static const char *read_body(struct exchange *exchange, int64_t *position_out)
{
	struct pipeline pipeline = { 0 };
	struct error err = { 0 };
	const char *text;
	char *canonical;

	if (pipeline_parse(exchange->body, &pipeline, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "the body: %s", err.text);
		return NULL;
	}
	canonical = json_canonical(pipeline.document);
	text = exchange_text(exchange, "%s", canonical);
	*position_out = json_get_int(pipeline.document, "position", 0);
	free(canonical);
	pipeline_finish(&pipeline);
	return text;
}

/* 'before' is what has to be true of the rows that have its name. */
static void save(struct exchange *exchange, const char *action, enum store_expect before)
{
	int64_t position = 0;
	const char *document = read_body(exchange, &position);
	const char *name = exchange_member(exchange, "name", "");

	if (!document)
		return;
	exchange->failed = handle_not_saved;
	const struct store_step steps[] = {
		STEP(named_sql, before, exchange_org(exchange), store_text(name)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(name),
		     store_int(position), exchange_now(), store_text(exchange_actor(exchange)),
		     store_text(document)),
		exchange_audit(exchange, action, name, json_incref(exchange->body)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

static void post_pipelines(struct exchange *exchange)
{
	save(exchange, "pipeline.create", STORE_NONE);
}

static void put_pipeline(struct exchange *exchange)
{
	bool is_default = strcmp(exchange->params[0], PIPELINE_DEFAULT) == 0;

	if (document_take_name(exchange))
		save(exchange, "pipeline.change", is_default ? STORE_ANY : STORE_SOME);
}

static void handle_not_removed(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT && strcmp(exchange->params[0], PIPELINE_DEFAULT) == 0)
		exchange_refuse(exchange, 409, NULL,
				"this one is built in: disable it, or change what it does");
	else
		exchange_fail(exchange, err);
}

static void delete_pipeline(struct exchange *exchange)
{
	const char *name = exchange->params[0];
	const struct store_step steps[] = {
		STEP(delete_sql, STORE_SOME, exchange_org(exchange), store_text(name)),
		exchange_audit(exchange, "pipeline.remove", name, NULL),
	};

	exchange->failed = handle_not_removed;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), document_removed);
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
		add_states(exchange, json_object_get(route, "agents"));
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

static void post_test(struct exchange *exchange)
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

#define SHOWN                                                                                      \
	SCHEMA_GIVES("\"name\",\"position\",\"enabled\",\"matchers\",\"target\",\"engine\","       \
		     "\"destinations\",\"continue\"",                                              \
		     "\"name\":" SCHEMA_NAME "," PIPELINE_MEMBERS ",\"created\":" SCHEMA_NULL_TEXT \
		     ",\"changed\":" SCHEMA_NULL_TEXT ",\"changed_by\":" SCHEMA_NULL_TEXT)
#define EXAMPLE                                                            \
	"{\"name\":\"web\",\"matchers\":[\"alertname=~\\\"Nginx.*\\\"\"]," \
	"\"target\":{\"hosts\":[\"{labels.instance}\"]}}"
#define LIST "{\"type\":\"array\"}"
#define ROUTING                                                                              \
	SCHEMA_GIVES("\"routes\",\"others\"",                                                \
		     "\"routes\":{\"type\":\"array\",\"items\":" SCHEMA_GIVES(               \
			     "\"pipeline\",\"agents\",\"unresolved\",\"window\",\"engine\"," \
			     "\"destinations\"",                                             \
			     "\"pipeline\":" SCHEMA_TEXT ",\"agents\":" LIST                 \
			     ",\"unresolved\":" LIST ",\"left_out\":" SCHEMA_COUNT           \
			     ",\"namespaces\":" SCHEMA_TEXTS ",\"log_groups\":" SCHEMA_TEXTS \
			     ",\"services\":" SCHEMA_TEXTS ",\"destinations\":" SCHEMA_TEXTS \
			     ",\"engine\":" SCHEMA_TEXT) "},\"others\":" LIST)

const struct route routes_pipelines[] = {
	{ .method = "GET",
	  .pattern = "/api/v1/pipelines",
	  .summary = "The org's pipelines, in the order in which alerts are held against them.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("pipelines", SHOWN),
	  .handle = get_pipelines },
	{ .method = "POST",
	  .pattern = "/api/v1/pipelines",
	  .summary = "Makes a pipeline.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = PIPELINE_SCHEMA,
	  .response = SHOWN,
	  .example = EXAMPLE,
	  .handle = post_pipelines },
	{ .method = "POST",
	  .pattern = "/api/v1/pipelines/test",
	  .summary = "Where an alert would go now, on which agents, and why not elsewhere.",
	  .least = ROLE_VIEWER,
	  .request = SCHEMA_STRICT(
		  "",
		  "\"alert\":{\"type\":\"object\",\"required\":[\"labels\"],\"properties\":{"
		  "\"labels\":" SCHEMA_MAP ",\"annotations\":" SCHEMA_MAP ",\"name\":" SCHEMA_TEXT
		  ",\"severity\":" SCHEMA_TEXT ",\"integration\":" SCHEMA_TEXT
		  ",\"starts_at\":" SCHEMA_NULL_TEXT "}},\"alert_id\":" SCHEMA_ID),
	  .response = ROUTING,
	  .example = "{\"alert\":{\"labels\":{\"alertname\":\"NginxDown\","
		     "\"instance\":\"web1:9113\"}}}",
	  .handle = post_test },
	{ .method = "GET",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "One pipeline.",
	  .least = ROLE_VIEWER,
	  .response = SHOWN,
	  .handle = get_pipeline },
	{ .method = "PUT",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "Makes this the whole of the pipeline of that name.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"target\"", "\"name\":" SCHEMA_NAME "," PIPELINE_MEMBERS),
	  .response = SHOWN,
	  .example = "{\"target\":{\"hosts\":[\"{labels.instance}\"]}}",
	  .handle = put_pipeline },
	{ .method = "DELETE",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "Removes a pipeline; \"default\" becomes what it was at first.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_pipeline },
	{ 0 },
};
