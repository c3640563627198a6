/* GET /api/realtime: events as they happen; POST: which of them. */
#include <string.h>

#include "server/api/exchange.h"
#include "server/api/realtime.h"
#include "server/api/routes.h"

static const char last_sql[] = "SELECT MAX(seq) FROM events WHERE org = $1";

static void start(struct exchange *exchange, uint64_t after_seq)
{
	const struct realtime_wish wish = {
		.org = exchange->caller.org,
		.agent = json_get_text(exchange->query, "agent", NULL),
		.after_seq = after_seq,
	};

	realtime_start(exchange->api->realtime, exchange->http, &wish);
	exchange_end(exchange);
}

static void handle_last(struct exchange *exchange, const struct store_result *result)
{
	start(exchange, (uint64_t)store_int_at(result->steps, 0, 0));
}

static void get_realtime(struct exchange *exchange)
{
	const char *last = http_request_field(exchange->http, "last-event-id");
	uint64_t seq;

	if (last && scan_u64(&last, &seq) && seq <= INT64_MAX) {
		start(exchange, seq);
		return;
	}
	exchange_submit(exchange,
			&(struct store_step)STEP(last_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_last);
}

static void post_realtime(struct exchange *exchange)
{
	const json_t *topics = json_object_get(exchange->body, "subscriptions");

	if (!realtime_choose(exchange->api->realtime, exchange->caller.org,
			     exchange_member(exchange, "clientId", ""), topics))
		exchange_refuse(exchange, 404, NULL, "no client with this id is connected");
	else
		exchange_answer_text(exchange, 204, "text/plain", "");
}

const struct route routes_realtime[] = {
	{ .method = "GET",
	  .operation = "follow_realtime",
	  .pattern = "/api/realtime",
	  .summary = "Events as they happen (SSE); Last-Event-ID goes on where one left off.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_STREAM,
	  .query = SCHEMA_STRICT("", "\"agent\":" SCHEMA_ID),
	  .type = "text/event-stream",
	  .handle = get_realtime },
	{ .method = "POST",
	  .operation = "choose_realtime",
	  .pattern = "/api/realtime",
	  .summary = "Chooses the kinds of events that a connected client gets.",
	  .least = ROLE_VIEWER,
	  .status = 204,
	  .request = SCHEMA_GIVES("\"clientId\",\"subscriptions\"",
				  "\"clientId\":" SCHEMA_NAME
				  ",\"subscriptions\":{\"type\":\"array\",\"maxItems\":32,"
				  "\"items\":{\"type\":\"string\",\"maxLength\":200}}"),
	  .example = "{\"clientId\":\"0-0\",\"subscriptions\":[\"agent\"]}",
	  .handle = post_realtime },
	{ 0 },
};
