/* The org's audit log, oldest first, each line with its place in the chain. */
#include <string.h>

#include "server/api/exchange.h"
#include "server/api/routes.h"

static const char list_sql[] =
	"SELECT seq, time, actor, action, target, details, prev, hash, time FROM audit "
	"WHERE org = $1 AND seq > $2 ORDER BY seq LIMIT $3";

static const struct column columns[] = {
	{ "seq", COLUMN_INT },     { "time_ns", COLUMN_INT },
	{ "actor", COLUMN_TEXT },  { "action", COLUMN_TEXT },
	{ "target", COLUMN_TEXT }, { "details", COLUMN_TEXT },
	{ "prev", COLUMN_TEXT },   { "hash", COLUMN_TEXT },
	{ "time", COLUMN_TIME },   { 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	json_t *answer = exchange_rows(rows, "records", columns);

	if (rows->n_rows == (unsigned)json_get_int(exchange->query, "limit", 0))
		json_put(answer, "next",
			 json_string(exchange_text(
				 exchange, "%lld",
				 (long long)store_int_at(rows, rows->n_rows - 1, 0))));
	exchange_answer(exchange, answer);
}

static void get_audit(struct exchange *exchange)
{
	exchange_submit(
		exchange,
		&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
					 store_int(json_get_int(exchange->query, "after", 0)),
					 store_int(json_get_int(exchange->query, "limit", 0))),
		1, handle_list);
}

const struct route routes_audit[] = {
	{ .method = "GET",
	  .operation = "list_audit",
	  .pattern = "/api/v1/audit",
	  .summary = "What was changed, by whom: a chain of hashes, see docs.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"after\":" SCHEMA_COUNT
				     ",\"limit\":{\"type\":\"integer\",\"minimum\":1,"
				     "\"maximum\":1000,\"default\":200}"),
	  .response = SCHEMA_LIST(
		  "records",
		  SCHEMA_GIVES("\"seq\",\"actor\",\"action\",\"target\",\"prev\",\"hash\"",
			       "\"seq\":" SCHEMA_COUNT ",\"time_ns\":" SCHEMA_COUNT
			       ",\"actor\":" SCHEMA_TEXT ",\"action\":" SCHEMA_TEXT
			       ",\"target\":" SCHEMA_TEXT ",\"details\":" SCHEMA_TEXT
			       ",\"prev\":" SCHEMA_TEXT ",\"hash\":" SCHEMA_TEXT
			       ",\"time\":" SCHEMA_TEXT)),
	  .handle = get_audit },
	{ 0 },
};
