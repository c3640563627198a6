/* Agents, as people see them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/agent_row.h"
#include "server/api/routes.h"
#include "server/api/serve_agents.h"
#include "server/hub/labels.h"

static const char list_sql[] = "SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 AND id > $2 "
			       "ORDER BY id LIMIT $3";
static const char list_label_sql[] =
	"SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 AND id > $2 "
	"AND " LABELS_MAY_MATCH("$4") " ORDER BY id LIMIT $3";
static const char one_sql[] = "SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 AND id = $2";
static const char change_sql[] =
	"UPDATE agents SET name = COALESCE($3, name), labels = COALESCE($4, labels), "
	"listed = CASE WHEN $4 IS NULL THEN listed ELSE 1 END "
	"WHERE org = $1 AND id = $2 RETURNING " AGENT_COLUMNS;
static const char revoke_sql[] = "UPDATE agents SET revoked = COALESCE(revoked, $3), "
				 "state = 'revoked' WHERE org = $1 AND id = $2";
static const char certificates_sql[] = "UPDATE certificates SET revoked = $3 "
				       "WHERE org = $1 AND agent = $2 AND revoked IS NULL";
static const char keys_sql[] = "UPDATE api_keys SET revoked = $3 WHERE org = $1 AND role = 'agent' "
			       "AND name = $2 AND revoked IS NULL";
static const char refresh_sql[] = "UPDATE tokens SET revoked = $3 WHERE org = $1 "
				  "AND kind = 'refresh' AND created_by = $2 AND revoked IS NULL";
static const char metrics_sql[] = "SELECT time, data FROM metrics WHERE org = $1 AND agent = $2 "
				  "ORDER BY time DESC LIMIT $3";

static const struct column metrics_columns[] = {
	{ "time", COLUMN_TIME },
	{ "data", COLUMN_JSON },
	{ 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	const char *label = json_get_text(exchange->query, "label", NULL);
	const char *state = json_get_text(exchange->query, "state", NULL);
	json_t *answer = json_object(), *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		json_t *agent = agent_row(exchange, rows, i);

		if (agent_has_label(json_object_get(agent, "labels"), label) &&
		    (!state || strcmp(json_get_text(agent, "state", ""), state) == 0))
			json_push(list, agent);
		else
			json_decref(agent);
	}
	json_put(answer, "agents", list);
	json_put(answer, "next",
		 rows->n_rows == (unsigned)json_get_int(exchange->query, "limit", 0)
			 ? json_string(store_text_at(rows, rows->n_rows - 1, 0))
			 : json_null());
	exchange_answer(exchange, answer);
}

static void get_agents(struct exchange *exchange)
{
	const char *label = json_get_text(exchange->query, "label", "");
	char hash[LABEL_HASH_BYTES];
	const struct store_value params[] = {
		exchange_org(exchange),
		store_text(json_get_text(exchange->query, "after", "")),
		store_int(json_get_int(exchange->query, "limit", 0)),
		store_text(label_hash(label, hash)),
	};
	const struct store_step step = {
		.sql = *label ? list_label_sql : list_sql,
		.params = params,
		.n_params = *label ? 4 : 3,
	};

	exchange_submit(exchange, &step, 1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, agent_row(exchange, result->steps, 0));
}

static void get_agent(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void patch_agent(struct exchange *exchange)
{
	const json_t *labels = json_object_get(exchange->body, "labels");
	const char *id = exchange->params[0];
	CLEANUP(labels_rows) struct labels_rows rows = { 0 };
	char *canonical = labels ? json_canonical(labels) : NULL;
	const char *text = canonical ? exchange_text(exchange, "%s", canonical) : NULL;

	free(canonical);
	struct store_step steps[2 + LABELS_STEPS] = {
		STEP(change_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_text(exchange_member(exchange, "name", NULL)), store_text(text)),
		exchange_audit(exchange, "agent.change", id, json_deep_copy(exchange->body)),
	};
	if (labels)
		labels_write(&rows, exchange->caller.org->id, id, labels, steps + 2);
	exchange_submit(exchange, steps, labels ? ARRAY_LEN(steps) : 2, handle_one);
}

static void handle_cut(const struct store_result *result UNUSED, const struct error *err,
		       void *data)
{
	struct exchange *exchange = data;

	/* The store has the revocation already; only the hub's own part can have failed. */
	if (err && err->code != -ENOENT)
		exchange_fail(exchange, err);
	else
		exchange_answer(exchange,
				json_pack("{s:b, s:b, s:s, s:s}", "ok", 1, "success", 1, "message",
					  "the agent is revoked", "agent_id", exchange->params[0]));
}

static void handle_revoked(struct exchange *exchange, const struct store_result *result UNUSED)
{
	hub_revoke(exchange->api->hub, exchange->caller.org->id, exchange->params[0], handle_cut,
		   exchange);
}

void serve_revoke_agent(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	const struct store_value id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(revoke_sql, STORE_SOME, org, id, now),
		STEP(certificates_sql, STORE_ANY, org, id, now),
		STEP(keys_sql, STORE_ANY, org, id, now),
		STEP(refresh_sql, STORE_ANY, org, id, now),
		exchange_audit(exchange, "agent.revoke", exchange->params[0], NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_revoked);
}

static void handle_metrics(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(&result->steps[1], "metrics", metrics_columns));
}

static void get_metrics(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange), id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(one_sql, STORE_SOME, org, id),
		STEP(metrics_sql, STORE_ANY, org, id,
		     store_int(json_get_int(exchange->query, "limit", 0))),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_metrics);
}

static void handle_tools(const json_t *tools, const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (err)
		exchange_fail(exchange, err);
	else
		exchange_answer(exchange, json_deep_copy(tools));
}

static void handle_known(struct exchange *exchange, const struct store_result *result UNUSED)
{
	hub_list_tools(exchange->api->hub, exchange->caller.org->id, exchange->params[0],
		       handle_tools, exchange);
}

static void get_tools(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_known);
}

#define LIMIT(otherwise) \
	"{\"type\":\"integer\",\"minimum\":1,\"maximum\":10000,\"default\":" otherwise "}"

const struct route routes_agents[] = {
	{ .method = "GET",
	  .operation = "list_agents",
	  .pattern = "/api/v1/agents",
	  .summary = "The org's agents by id; 'next' is the 'after' of the next page.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"label\":" SCHEMA_NAME
				     ",\"state\":{\"enum\":[\"connected\",\"disconnected\","
				     "\"stale\",\"revoked\"]},\"after\":" SCHEMA_ID
				     ",\"limit\":" LIMIT("1000")),
	  .response = SCHEMA_LIST("agents", AGENT_SCHEMA),
	  .handle = get_agents },
	{ .method = "GET",
	  .operation = "get_agent",
	  .pattern = "/api/v1/agents/{agent_id}",
	  .summary = "One agent.",
	  .least = ROLE_VIEWER,
	  .response = AGENT_SCHEMA,
	  .handle = get_agent },
	{ .method = "PATCH",
	  .operation = "update_agent",
	  .pattern = "/api/v1/agents/{agent_id}",
	  .summary = "Renames an agent, or replaces its labels.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("", "\"name\":" SCHEMA_NAME ",\"labels\":" SCHEMA_MAP),
	  .response = AGENT_SCHEMA,
	  .example = "{\"labels\":{\"env\":\"prod\"}}",
	  .handle = patch_agent },
	{ .method = "POST",
	  .operation = "revoke_agent",
	  .pattern = "/api/v1/agents/{agent_id}/revoke",
	  .summary = "Revokes an agent for good: its link is cut, its certificates are void.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("", ""),
	  .response = SCHEMA_GIVES("\"ok\"", "\"ok\":" SCHEMA_FLAG ",\"agent_id\":" SCHEMA_TEXT),
	  .example = "{}",
	  .handle = serve_revoke_agent },
	{ .method = "GET",
	  .operation = "list_agent_metrics",
	  .pattern = "/api/v1/agents/{agent_id}/metrics",
	  .summary = "The newest metrics of an agent, newest first.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"limit\":" LIMIT("120")),
	  .response = SCHEMA_LIST("metrics", SCHEMA_GIVES("\"time\",\"data\"",
							  "\"time\":" SCHEMA_TEXT ",\"data\":{}")),
	  .handle = get_metrics },
	{ .method = "GET",
	  .operation = "list_agent_tools",
	  .pattern = "/api/v1/agents/{agent_id}/tools",
	  .summary = "The tools of a connected agent, as it lists them.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_GIVES("\"tools\"", "\"tools\":{\"type\":\"array\"}"),
	  .handle = get_tools },
	{ 0 },
};
