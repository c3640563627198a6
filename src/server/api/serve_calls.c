/* Reading calls, waiting for them, ending them. Submitting is serve_submit.c's. */
#include <string.h>

#include "base/clock.h"
#include "server/api/call_row.h"
#include "server/api/routes.h"
#include "server/api/serve_submit.h"
#include "server/hub/queue.h"

static const char one_sql[] = "SELECT " CALL_COLUMNS CALL_TEXTS " FROM calls "
			      "WHERE org = $1 AND id = $2";
static const char list_sql[] =
	"SELECT " CALL_COLUMNS ", cursor FROM calls WHERE org = $1 AND cursor < $5 "
	"AND (CAST($2 AS TEXT) IS NULL OR agent = $2) "
	"AND (CAST($3 AS TEXT) IS NULL OR state = $3) ORDER BY cursor DESC LIMIT $4";

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	json_t *answer = exchange_rows(rows, "calls", call_columns);
	int64_t limit = json_get_int(exchange->query, "limit", 0);

	if (rows->n_rows == (unsigned)limit)
		json_put(answer, "next",
			 json_string(exchange_text(exchange, "%lld",
						   (long long)store_int_at(rows, rows->n_rows - 1,
									   rows->n_columns - 1))));
	exchange_answer(exchange, answer);
}

static void get_calls(struct exchange *exchange)
{
	const json_t *query = exchange->query;
	const char *agent = json_get_text(query, "agent", NULL);
	const char *state = json_get_text(query, "state", NULL);

	exchange_submit(exchange,
			&(struct store_step)STEP(
				list_sql, STORE_ANY, exchange_org(exchange), store_text(agent),
				store_text(state), store_int(json_get_int(query, "limit", 0)),
				store_int(json_get_int(query, "before", INT64_MAX))),
			1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(result->steps, 0, call_columns_whole));
}

static void read_one(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

struct waiting {
	struct hub_wait wait;
	struct exchange *exchange;
};

static void handle_outcome(struct hub_wait *wait, const char *state UNUSED, const struct error *err)
{
	struct exchange *exchange = container_of(wait, struct waiting, wait)->exchange;

	exchange->http->gone = NULL;
	if (err)
		exchange_fail(exchange, err);
	else
		read_one(exchange);
}

static void handle_gone(struct http_request *request)
{
	struct waiting *waiting = request->data;

	hub_wait_cancel(&waiting->wait);
	exchange_end(waiting->exchange);
}

static void get_call(struct exchange *exchange)
{
	int64_t wait_ms = json_get_int(exchange->query, "wait_ms", 0);
	struct waiting *waiting;

	if (wait_ms == 0) {
		read_one(exchange);
		return;
	}
	waiting = exchange_alloc(exchange, sizeof(*waiting));
	*waiting = (struct waiting) {
		.wait = { .org = exchange->caller.org->id,
			  .call = exchange->params[0],
			  .until_ns = clock_monotonic_ns() + (uint64_t)wait_ms * NS_PER_MS,
			  .ends_at_approval = strcmp(json_get_text(exchange->query, "until", ""),
						     "approval") == 0,
			  .done = handle_outcome },
		.exchange = exchange,
	};
	exchange->http->data = waiting;
	exchange->http->gone = handle_gone;
	hub_wait(exchange->api->hub, &waiting->wait);
}

static void handle_cancelled(const struct store_result *result UNUSED, const struct error *err,
			     void *data)
{
	struct exchange *exchange = data;

	if (err)
		exchange_fail(exchange, err);
	else
		read_one(exchange);
}

static void cancel(struct exchange *exchange)
{
	hub_cancel(exchange->api->hub, exchange->caller.org->id, exchange->params[0],
		   handle_cancelled, exchange);
}

static void handle_found(struct exchange *exchange, const struct store_result *result UNUSED)
{
	const struct store_step audit =
		exchange_audit(exchange, "call.cancel", exchange->params[0], NULL);

	exchange_record(exchange, &audit, cancel);
}

static void cancel_call(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_found);
}

#define WHOLE                    \
	SCHEMA_GIVES(CALL_NAMES, \
		     CALL_MEMBERS ",\"arguments\":" SCHEMA_TEXT ",\"result\":" SCHEMA_NULL_TEXT)
#define WAIT "\"wait_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":300000}"

const struct route routes_calls[] = {
	{ .method = "POST",
	  .operation = "create_calls",
	  .pattern = "/api/v1/calls",
	  .summary = "Calls a tool on an agent, or on all agents with a label.",
	  .least = ROLE_RESPONDER,
	  .flags = ROUTE_CALLS,
	  .status = 202,
	  .max_body_bytes = HUB_ARGS_MAX_BYTES + 64 * KIB,
	  .request = SCHEMA_STRICT(
		  "\"tool\"",
		  "\"agent\":" SCHEMA_NAME ",\"label\":" SCHEMA_NAME
		  ",\"tool\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":64}"
		  ",\"arguments\":{\"type\":\"object\"},\"timeout_ms\":{\"type\":\"integer\","
		  "\"minimum\":100,\"maximum\":86400000},\"approval_ms\":{\"type\":\"integer\","
		  "\"minimum\":100,\"maximum\":86400000}," WAIT),
	  .response = SCHEMA_LIST(
		  "calls", SCHEMA_GIVES("\"id\",\"agent\",\"name\",\"state\",\"error\"",
					"\"id\":" SCHEMA_NULL_TEXT ",\"agent\":" SCHEMA_TEXT
					",\"name\":" SCHEMA_TEXT ",\"agent_state\":" SCHEMA_TEXT
					",\"state\":" SCHEMA_TEXT ",\"error\":" SCHEMA_NULL_TEXT)),
	  .example = "{\"agent\":\"agent_0\",\"tool\":\"get_system_metrics\",\"arguments\":{}}",
	  .handle = serve_submit },
	{ .method = "GET",
	  .operation = "list_calls",
	  .pattern = "/api/v1/calls",
	  .summary = "The org's calls, newest first, without arguments and results.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"agent\":" SCHEMA_ID ",\"state\":" SCHEMA_ID
				     ",\"before\":{\"type\":\"integer\",\"minimum\":0},\"limit\":"
				     "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,"
				     "\"default\":100}"),
	  .response = SCHEMA_LIST("calls", SCHEMA_GIVES(CALL_NAMES, CALL_MEMBERS)),
	  .handle = get_calls },
	{ .method = "GET",
	  .operation = "get_call",
	  .pattern = "/api/v1/calls/{call_id}",
	  .summary = "One call; with wait_ms its answer waits so long for an outcome, or until it "
		     "waits for an approval.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", WAIT ",\"until\":{\"enum\":[\"outcome\",\"approval\"]}"),
	  .response = WHOLE,
	  .handle = get_call },
	{ .method = "POST",
	  .operation = "cancel_call",
	  .pattern = "/api/v1/calls/{call_id}/cancel",
	  .summary = "Ends a call: before it started for sure, else as its agent says.",
	  .least = ROLE_RESPONDER,
	  .request = SCHEMA_STRICT("", ""),
	  .response = WHOLE,
	  .example = "{}",
	  .handle = cancel_call },
	{ 0 },
};
