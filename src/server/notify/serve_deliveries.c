/* Deliveries: what became of each, and one more try for those that failed. */
#include <string.h>

#include "server/api/exchange.h"
#include "server/notify/notify.h"
#include "server/notify/routes.h"

#define COLUMNS                                                                          \
	"id, destination, incident, event, part, state, created, due, tries, finished, " \
	"status, error"

static const char list_sql[] =
	"SELECT " COLUMNS " FROM deliveries WHERE org = $1 "
	"AND (CAST($2 AS TEXT) IS NULL OR destination = $2) "
	"AND (CAST($3 AS TEXT) IS NULL OR incident = $3) "
	"AND (CAST($4 AS TEXT) IS NULL OR state = $4) ORDER BY created DESC, seq DESC LIMIT $5";
static const char one_sql[] = "SELECT " COLUMNS " FROM deliveries WHERE org = $1 AND id = $2";
/* The destination must be there still; RETURNING is what tells who asked. */
static const char retry_sql[] =
	"UPDATE deliveries SET state = 'waiting', due = $3, finished = NULL WHERE org = $1 "
	"AND id = $2 AND state = 'failed' AND EXISTS (SELECT 1 FROM destinations t "
	"WHERE t.org = deliveries.org AND t.id = deliveries.destination AND t.removed IS NULL) "
	"RETURNING " COLUMNS;

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "destination", COLUMN_TEXT },
	{ "incident", COLUMN_TEXT },
	{ "event", COLUMN_TEXT },
	{ "part", COLUMN_TEXT },
	{ "state", COLUMN_TEXT },
	{ "created", COLUMN_TIME },
	{ "due", COLUMN_TIME },
	{ "tries", COLUMN_INT },
	{ "finished", COLUMN_TIME },
	{ "status", COLUMN_INT },
	{ "error", COLUMN_TEXT },
	{ 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "deliveries", columns));
}

static void get_deliveries(struct exchange *exchange)
{
	const json_t *query = exchange->query;

	exchange_submit(
		exchange,
		&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
					 store_text(json_get_text(query, "destination", NULL)),
					 store_text(json_get_text(query, "incident", NULL)),
					 store_text(json_get_text(query, "state", NULL)),
					 store_int(json_get_int(query, "limit", 100))),
		1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(result->steps, 0, columns));
}

static void get_delivery(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void handle_retried(struct exchange *exchange, const struct store_result *result)
{
	outbox_look(exchange->api->outbox);
	handle_one(exchange, result);
}

static void post_retry(struct exchange *exchange)
{
	const char *id = exchange->params[0];
	const struct store_step steps[] = {
		STEP(retry_sql, STORE_SOME, exchange_org(exchange), store_text(id), exchange_now()),
		exchange_audit(exchange, "delivery.retry", id, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_retried);
}

#define STATES "{\"enum\":[\"waiting\",\"sending\",\"delivered\",\"failed\",\"skipped\"]}"
#define ROW                                                                                  \
	SCHEMA_GIVES("\"id\",\"destination\",\"incident\",\"state\",\"tries\"",              \
		     "\"id\":" SCHEMA_TEXT ",\"destination\":" SCHEMA_TEXT                   \
		     ",\"incident\":" SCHEMA_TEXT ",\"event\":" SCHEMA_TEXT                  \
		     ",\"part\":{\"enum\":[\"message\",\"reply\",\"note\",\"appeal\"]},"     \
		     "\"state\":" STATES ",\"created\":" SCHEMA_TEXT ",\"due\":" SCHEMA_TEXT \
		     ",\"tries\":" SCHEMA_COUNT ",\"finished\":" SCHEMA_NULL_TEXT            \
		     ",\"status\":" SCHEMA_NULL_COUNT ",\"error\":" SCHEMA_NULL_TEXT)

const struct route routes_deliveries[] = {
	{ .method = "GET",
	  .operation = "list_deliveries",
	  .pattern = "/api/v1/deliveries",
	  .summary = "What was and is to be told to destinations, newest first.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"destination\":" SCHEMA_ID
				     ",\"incident\":{\"type\":\"string\",\"maxLength\":128}"
				     ",\"state\":" STATES
				     ",\"limit\":{\"type\":\"integer\",\"minimum\":1,"
				     "\"maximum\":1000,\"default\":100}"),
	  .response = SCHEMA_LIST("deliveries", ROW),
	  .handle = get_deliveries },
	{ .method = "GET",
	  .operation = "get_delivery",
	  .pattern = "/api/v1/deliveries/{delivery_id}",
	  .summary = "One delivery.",
	  .least = ROLE_VIEWER,
	  .response = ROW,
	  .handle = get_delivery },
	{ .method = "POST",
	  .operation = "retry_delivery",
	  .pattern = "/api/v1/deliveries/{delivery_id}/retry",
	  .summary = "Tries a delivery that failed once more.",
	  .least = ROLE_RESPONDER,
	  .response = ROW,
	  .handle = post_retry },
	{ 0 },
};
