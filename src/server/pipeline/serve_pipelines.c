/* Pipelines: each is one document, taken and given whole. And where an alert would go now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/document.h"
#include "server/pipeline/dry_run.h"
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

static json_t *pipeline_row(const struct store_rows *rows, unsigned row)
{
	json_t *document = document_row(rows, row);

	pipeline_modernise(document);
	return document;
}

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
		json_t *one = pipeline_row(&result->steps[0], i);

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
		exchange_answer(exchange, pipeline_row(&result->steps[0], 0));
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
	exchange_answer(exchange, pipeline_row(&result->steps[result->n_steps - 2], 0));
}

/* A pipeline on its way into the store. */
struct wish {
	const char *action, *name, *document;
	json_t *destinations;
	int64_t position;
	enum store_expect before; /* what has to be true of the rows that have its name */
};

static void finish_wish(struct exchange *exchange)
{
	struct wish *wish = exchange->data;

	json_decref(wish->destinations);
}

/* As the store has it; false: it was refused. */
static bool read_body(struct exchange *exchange, struct wish *wish)
{
	struct pipeline pipeline = { 0 };
	struct error err = { 0 };
	const char *engine;
	bool is_known;

	if (pipeline_parse(exchange->body, &pipeline, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "the body: %s", err.text);
		return false;
	}
	CLEANUP(text) char *canonical = json_canonical(pipeline.document);
	wish->document = exchange_text(exchange, "%s", canonical);
	wish->position = json_get_int(pipeline.document, "position", 0);
	wish->destinations = json_incref(json_object_get(pipeline.document, "destinations"));
	engine = json_get_text(pipeline.document, "engine", "");
	is_known = dry_run_knows_engine(exchange, engine);
	if (!is_known)
		exchange_refuse(exchange, 400, "bad_request",
				"the body: /engine: no model named '%.64s' is configured", engine);
	pipeline_finish(&pipeline);
	return is_known;
}

static void handle_names(struct exchange *exchange, const struct store_result *result)
{
	const struct wish *wish = exchange->data;
	size_t i;
	const char *missing = routing_missing(wish->destinations, &result->steps[0], &i);

	if (missing) {
		exchange_refuse(exchange, 400, "bad_request",
				"the body: /destinations/%zu: there is no destination '%.128s'", i,
				missing);
		return;
	}
	const struct store_step steps[] = {
		STEP(named_sql, wish->before, exchange_org(exchange), store_text(wish->name)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(wish->name),
		     store_int(wish->position), exchange_now(),
		     store_text(exchange_actor(exchange)), store_text(wish->document)),
		exchange_audit(exchange, wish->action, wish->name, json_incref(exchange->body)),
	};
	exchange->failed = handle_not_saved;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

static void save(struct exchange *exchange, const char *action, enum store_expect before)
{
	struct wish *wish = exchange_alloc(exchange, sizeof(*wish));

	*wish = (struct wish) { .action = action,
				.name = exchange_member(exchange, "name", ""),
				.before = before };
	exchange->data = wish;
	exchange->finish = finish_wish;
	if (read_body(exchange, wish))
		exchange_submit(exchange,
				&(struct store_step)STEP(ROUTING_DESTINATIONS_SQL, STORE_ANY,
							 exchange_org(exchange)),
				1, handle_names);
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

#define SHOWN                                                                                      \
	SCHEMA_GIVES("\"name\",\"position\",\"enabled\",\"matchers\",\"target\",\"engine\","       \
		     "\"destinations\",\"continue\"",                                              \
		     "\"name\":" SCHEMA_NAME "," PIPELINE_MEMBERS ",\"created\":" SCHEMA_NULL_TEXT \
		     ",\"changed\":" SCHEMA_NULL_TEXT ",\"changed_by\":" SCHEMA_NULL_TEXT)
#define EXAMPLE                                                            \
	"{\"name\":\"web\",\"matchers\":[\"alertname=~\\\"Nginx.*\\\"\"]," \
	"\"target\":{\"hosts\":[\"{labels.instance}\"]}}"
#define LIST "{\"type\":\"array\"}"
#define ROUTING                                                                                 \
	SCHEMA_GIVES(                                                                           \
		"\"routes\",\"others\"",                                                        \
		"\"routes\":{\"type\":\"array\",\"items\":" SCHEMA_GIVES(                       \
			"\"pipeline\",\"agents\",\"unresolved\",\"window\",\"engine\","         \
			"\"destinations\"",                                                     \
			"\"pipeline\":" SCHEMA_TEXT ",\"agents\":" LIST ",\"unresolved\":" LIST \
			",\"left_out\":" SCHEMA_COUNT ",\"namespaces\":" SCHEMA_TEXTS           \
			",\"log_groups\":" SCHEMA_TEXTS ",\"services\":" SCHEMA_TEXTS           \
			",\"destinations\":" SCHEMA_TEXTS ",\"missing\":" SCHEMA_TEXTS          \
			",\"missing_engine\":" SCHEMA_TEXT ",\"remedies\":" SCHEMA_TEXT         \
			",\"engine\":" SCHEMA_TEXT) "},\"others\":" LIST                        \
						    ",\"about\":{\"type\":[\"object\",\"null\"]}")

const struct route routes_pipelines[] = {
	{ .method = "GET",
	  .operation = "list_pipelines",
	  .pattern = "/api/v1/pipelines",
	  .summary = "The org's pipelines, in the order in which alerts are held against them.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("pipelines", SHOWN),
	  .handle = get_pipelines },
	{ .method = "POST",
	  .operation = "create_pipeline",
	  .pattern = "/api/v1/pipelines",
	  .summary = "Makes a pipeline.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = PIPELINE_SCHEMA,
	  .response = SHOWN,
	  .example = EXAMPLE,
	  .handle = post_pipelines },
	{ .method = "POST",
	  .operation = "test_pipelines",
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
	  .handle = dry_run_post },
	{ .method = "GET",
	  .operation = "get_pipeline",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "One pipeline.",
	  .least = ROLE_VIEWER,
	  .response = SHOWN,
	  .handle = get_pipeline },
	{ .method = "PUT",
	  .operation = "set_pipeline",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "Makes this the whole of the pipeline of that name.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"target\"", "\"name\":" SCHEMA_NAME "," PIPELINE_MEMBERS),
	  .response = SHOWN,
	  .example = "{\"target\":{\"hosts\":[\"{labels.instance}\"]}}",
	  .handle = put_pipeline },
	{ .method = "DELETE",
	  .operation = "delete_pipeline",
	  .pattern = "/api/v1/pipelines/{name}",
	  .summary = "Removes a pipeline; \"default\" becomes what it was at first.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_pipeline },
	{ 0 },
};
