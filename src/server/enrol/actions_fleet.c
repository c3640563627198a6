#include <string.h>

#include "base/clock.h"
#include "server/api/agent_row.h"
#include "server/api/serve_agents.h"
#include "server/enrol/actions.h"

#define METRICS_KEPT_NS (24 * 3600 * (int64_t)NS_PER_SEC)

static const char seen_sql[] = "UPDATE agents SET last_seen = $3, version = COALESCE($4, version) "
			       "WHERE org = $1 AND id = $2 AND revoked IS NULL";
static const char metrics_sql[] = "INSERT INTO metrics (org, agent, time, data) "
				  "VALUES ($1, $2, $3, $4)";
static const char old_sql[] = "DELETE FROM metrics WHERE org = $1 AND agent = $2 AND time < $3";
static const char list_sql[] =
	"SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 ORDER BY created DESC, id LIMIT 100";
static const char one_sql[] = "SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 AND id = $2";
static const char latest_sql[] = "SELECT data FROM metrics WHERE org = $1 AND agent = $2 "
				 "ORDER BY time DESC LIMIT 1";

static void handle_ingested(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange,
			json_pack("{s:b, s:s}", "success", 1, "message", "metrics are stored"));
}

void action_ingest(struct exchange *exchange)
{
	const json_t *metrics = json_object_get(exchange->body, "system_metrics");
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	const struct store_value id = store_text(exchange->caller.id);
	char *canonical;
	const char *text;

	if (!exchange_member(exchange, "platform_family", NULL) || !metrics) {
		exchange_refuse(exchange, 400, NULL,
				"platform_family and system_metrics are required");
		return;
	}
	canonical = json_canonical(metrics);
	text = exchange_text(exchange, "%s", canonical);
	free(canonical);
	const struct store_step steps[] = {
		STEP(seen_sql, STORE_SOME, org, id, now,
		     store_text(exchange_member(exchange, "version", NULL))),
		STEP(metrics_sql, STORE_ANY, org, id, now, store_text(text)),
		STEP(old_sql, STORE_ANY, org, id, store_int(now.integer - METRICS_KEPT_NS)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_ingested);
}

static json_t *documented(const json_t *agent)
{
	static const char *const kept[] = { "id",     "hostname",  "version",
					    "health", "last_seen", "created" };
	static const char *const from_labels[] = { "os_type", "os_info", "os_version",
						   "kernel_version", "arch" };
	const json_t *labels = json_object_get(agent, "labels");
	bool revoked = strcmp(json_get_text(agent, "state", ""), "revoked") == 0;
	json_t *row = json_object();

	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		json_put(row, kept[i], json_incref(json_object_get(agent, kept[i])));
	for (size_t i = 0; i < ARRAY_LEN(from_labels); i++)
		json_put(row, from_labels[i],
			 json_string(json_get_text(labels, from_labels[i], "")));
	json_put(row, "status", json_string(revoked ? "revoked" : "active"));
	return row;
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->steps[0].n_rows; i++) {
		CLEANUP(json) json_t *agent = agent_row(exchange, &result->steps[0], i);

		json_push(list, documented(agent));
	}
	exchange_answer(exchange, json_pack("{s:o}", "agents", list));
}

void action_list(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

void action_revoke(struct exchange *exchange)
{
	text_format(exchange->params[0], ROUTER_PARAM_BYTES, "%s",
		    exchange_member(exchange, "agent_id", ""));
	serve_revoke_agent(exchange);
}

static void handle_health(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json) json_t *agent = agent_row(exchange, &result->steps[0], 0);
	json_t *answer = documented(agent);
	const char *latest = result->steps[1].n_rows ? store_text_at(&result->steps[1], 0, 0) : "";

	json_object_set(answer, "agent_id", json_object_get(answer, "id"));
	json_put(answer, "latest_metrics", *latest ? json_loads(latest, 0, NULL) : json_null());
	exchange_answer(exchange, answer);
}

void action_health(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange);
	const struct store_value id = store_text(exchange_member(exchange, "agent_id", ""));
	const struct store_step steps[] = {
		STEP(one_sql, STORE_SOME, org, id),
		STEP(latest_sql, STORE_ANY, org, id),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_health);
}
