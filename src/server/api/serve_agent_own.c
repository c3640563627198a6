/* What an agent asks for itself: its link, and the same by plain requests. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"
#include "server/hub/queue.h"

#define METRICS_KEPT_NS (24 * 3600 * (int64_t)NS_PER_SEC)

static const char seen_sql[] =
	"UPDATE agents SET last_seen = $3 WHERE org = $1 AND id = $2 AND revoked IS NULL";
static const char metrics_sql[] = "INSERT INTO metrics (org, agent, time, data) "
				  "VALUES ($1, $2, $3, $4)";
static const char old_sql[] = "DELETE FROM metrics WHERE org = $1 AND agent = $2 AND time < $3";
static const char approvers_sql[] = "SELECT approvers, root_key FROM orgs WHERE id = $1";

/* By its id, or by the name it came with, which the documented clients use in their paths. */
static bool is_self(struct exchange *exchange)
{
	const struct caller *caller = &exchange->caller;

	if (strcmp(exchange->params[0], caller->id) == 0 ||
	    strcmp(exchange->params[0], caller->name) == 0)
		return true;
	exchange_refuse(exchange, 403, "forbidden", "this certificate is of another agent");
	return false;
}

static void handle_beat(struct exchange *exchange, const struct store_result *result UNUSED)
{
	char now[CLOCK_TEXT_BYTES];

	exchange_answer(exchange, json_pack("{s:s, s:s, s:s}", "status", "acknowledged", "agent_id",
					    exchange->caller.id, "server_time",
					    clock_format(clock_wall_ns(), now)));
}

static void post_heartbeat(struct exchange *exchange)
{
	const json_t *metrics = json_object_get(exchange->body, "metrics");
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	const struct store_value id = store_text(exchange->caller.id);
	char *canonical = metrics ? json_canonical(metrics) : NULL;
	const char *text = canonical ? exchange_text(exchange, "%s", canonical) : NULL;

	free(canonical);
	if (!is_self(exchange))
		return;
	const struct store_step steps[] = {
		STEP(seen_sql, STORE_SOME, org, id, now),
		STEP(metrics_sql, STORE_ANY, org, id, now, store_text(text)),
		STEP(old_sql, STORE_ANY, org, id, store_int(now.integer - METRICS_KEPT_NS)),
	};
	exchange_submit(exchange, steps, metrics ? 3 : 1, handle_beat);
}

static void handle_outcome(const struct store_result *result UNUSED, const struct error *err,
			   void *data)
{
	struct exchange *exchange = data;

	if (err)
		exchange_fail(exchange, err);
	else
		exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void post_results(struct exchange *exchange)
{
	const struct hub_outcome outcome = {
		.org = exchange->caller.org->id,
		.agent = exchange->caller.id,
		.call = exchange_member(exchange, "call_id", ""),
		.response = json_object_get(exchange->body, "response"),
	};

	if (is_self(exchange))
		hub_post_outcome(exchange->api->hub, &outcome, handle_outcome, exchange);
}

static void handle_calls(const json_t *calls, const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (err)
		exchange_fail(exchange, err);
	else
		exchange_answer(exchange, json_pack("{s:O}", "calls", (json_t *)calls));
}

static void get_calls(struct exchange *exchange)
{
	if (is_self(exchange))
		hub_fetch_calls(exchange->api->hub, exchange->caller.org->id, exchange->caller.id,
				handle_calls, exchange);
}

static void get_ws(struct exchange *exchange)
{
	if (!is_self(exchange))
		return;
	hub_accept(exchange->api->hub, exchange->http, exchange->caller.org->id,
		   exchange->caller.id);
	exchange_end(exchange);
}

static void accept_known(struct exchange *exchange)
{
	if (exchange->caller.role != ROLE_AGENT) {
		exchange_refuse(exchange, 403, "forbidden", "only agents have links");
		return;
	}
	hub_accept(exchange->api->hub, exchange->http, exchange->caller.org->id,
		   exchange->caller.id);
	exchange_end(exchange);
}

static void get_agent_ws(struct exchange *exchange)
{
	if (exchange->http->peer->certificate) {
		exchange_authenticate(exchange, accept_known);
		return;
	}
	hub_accept_stranger(exchange->api->hub, exchange->http);
	exchange_end(exchange);
}

static void handle_approvers(struct exchange *exchange, const struct store_result *result)
{
	const char *sealed = store_text_at(result->steps, 0, 0);
	const struct store_value *root = store_at(result->steps, 0, 1);
	json_t *document = *sealed ? json_loads(sealed, 0, NULL) : json_null();

	exchange_answer(exchange, json_pack("{s:o, s:s?}", "document", document, "root_key",
					    root->kind == STORE_TEXT ? root->text.data : NULL));
}

static void get_approvers(struct exchange *exchange)
{
	if (!is_self(exchange))
		return;
	exchange_submit(exchange,
			&(struct store_step)STEP(approvers_sql, STORE_SOME, exchange_org(exchange)),
			1, handle_approvers);
}

const struct route routes_agent_own[] = {
	{ .method = "POST",
	  .operation = "send_heartbeat",
	  .pattern = "/api/v1/agents/{agent_id}/heartbeat",
	  .summary = "An agent without a link says that it is alive.",
	  .least = ROLE_AGENT,
	  .max_body_bytes = 256 * KIB,
	  .request = SCHEMA_OBJECT("\"status\":" SCHEMA_TEXT ",\"metrics\":{\"type\":\"object\"}"),
	  .response = SCHEMA_GIVES("\"status\"",
				   "\"status\":{\"const\":\"acknowledged\"},"
				   "\"agent_id\":" SCHEMA_TEXT ",\"server_time\":" SCHEMA_TEXT),
	  .example = "{\"status\":\"online\"}",
	  .handle = post_heartbeat },
	{ .method = "POST",
	  .operation = "send_result",
	  .pattern = "/api/v1/agents/{agent_id}/results",
	  .summary = "The outcome of a call, from an agent without a link.",
	  .least = ROLE_AGENT,
	  .max_body_bytes = HUB_MESSAGE_MAX_BYTES,
	  .request = SCHEMA_GIVES("\"call_id\",\"response\"",
				  "\"call_id\":" SCHEMA_ID ",\"response\":{\"type\":\"object\"}"),
	  .response = SCHEMA_OK,
	  .example = "{\"call_id\":\"c_0\",\"response\":{\"content\":[],\"isError\":false}}",
	  .handle = post_results },
	{ .method = "GET",
	  .operation = "list_agent_calls",
	  .pattern = "/api/v1/agents/{agent_id}/calls",
	  .summary = "The calls that an agent without a link has to run.",
	  .least = ROLE_AGENT,
	  .response = SCHEMA_GIVES("\"calls\"", "\"calls\":{\"type\":\"array\"}"),
	  .handle = get_calls },
	{ .method = "GET",
	  .operation = "get_agent_approvers",
	  .pattern = "/api/v1/agents/{agent_id}/approvers",
	  .summary = "Who may approve, signed by the org's root, for the host's warden.",
	  .least = ROLE_AGENT,
	  .response = SCHEMA_GIVES("\"document\"", "\"document\":{\"type\":[\"object\",\"null\"]},"
						   "\"root_key\":" SCHEMA_NULL_TEXT),
	  .handle = get_approvers },
	{ .method = "GET",
	  .operation = "open_link",
	  .pattern = "/api/v1/agents/{agent_id}/ws",
	  .summary = "The link: JSON-RPC 2.0 over a WebSocket.",
	  .least = ROLE_AGENT,
	  .flags = ROUTE_STREAM,
	  .handle = get_ws },
	{ .method = "GET",
	  .operation = "open_nameless_link",
	  .pattern = "/agent/ws",
	  .summary = "The link of a host that says who it is in its first message.",
	  .flags = ROUTE_STREAM | ROUTE_LIMITED,
	  .handle = get_agent_ws },
	{ 0 },
};
