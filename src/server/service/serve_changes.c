/* What systems outside tell of their changes, such as a pipeline that deployed something. */
#include "server/service/change.h"

#include <errno.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/service/routes.h"

static const char list_sql[] =
	"SELECT " CHANGE_COLUMNS " FROM changes WHERE org = $1 AND time < $3 AND "
	"(CAST($2 AS TEXT) IS NULL OR service = $2) ORDER BY time DESC, id LIMIT $4";
static const char insert_sql[] =
	"INSERT INTO changes (org, id, time, told, told_by, service, what, version, revision, url) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING " CHANGE_COLUMNS;
/* 10000: CHANGE_MAX_PER_ORG */
static const char trim_sql[] =
	"DELETE FROM changes WHERE org = $1 AND time < (SELECT min(time) FROM (SELECT time FROM "
	"changes WHERE org = $1 ORDER BY time DESC LIMIT 10000) AS newest)";
static const char old_sql[] = "DELETE FROM changes WHERE told < $1";

json_t *change_read(const struct store_rows *rows, unsigned row)
{
	static const struct column columns[] = {
		{ "id", COLUMN_TEXT },      { "at", COLUMN_TIME },
		{ "told", COLUMN_TIME },    { "told_by", COLUMN_TEXT },
		{ "service", COLUMN_TEXT }, { "what", COLUMN_TEXT },
		{ "version", COLUMN_TEXT }, { "commit", COLUMN_TEXT },
		{ "url", COLUMN_TEXT },     { 0 },
	};

	return exchange_row(rows, row, columns);
}

struct store_step change_upkeep_step(struct store_value params_out[1])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - CHANGE_KEPT_NS));
	return (struct store_step) { old_sql, params_out, 1, STORE_ANY };
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->steps[0].n_rows; i++)
		json_push(list, change_read(&result->steps[0], i));
	exchange_answer(exchange, json_pack("{s:o}", "changes", list));
}

/* An instant that was given, or 'otherwise'; false: it was refused. */
static bool read_time(struct exchange *exchange, const json_t *object, const char *member,
		      uint64_t otherwise, uint64_t *ns_out)
{
	const char *text = json_get_text(object, member, NULL);

	*ns_out = otherwise;
	if (!text || clock_parse(text, ns_out))
		return true;
	exchange_refuse(exchange, 400, "bad_request", "/%s: '%.40s' is no time in RFC 3339", member,
			text);
	return false;
}

static void get_changes(struct exchange *exchange)
{
	const json_t *query = exchange->query;
	uint64_t before_ns;

	if (!read_time(exchange, query, "before", INT64_MAX, &before_ns))
		return;
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
						 store_text(json_get_text(query, "service", NULL)),
						 store_int((int64_t)before_ns),
						 store_int(json_get_int(query, "limit", 0))),
			1, handle_list);
}

static void handle_told(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, change_read(&result->steps[0], 0));
}

static void post_changes(struct exchange *exchange)
{
	char nonce[NONCE_TEXT_BYTES];
	const char *id = exchange_text(exchange, "chg_%.20s", nonce_make(nonce));
	const char *service = exchange_member(exchange, "service", "");
	uint64_t now_ns = clock_wall_ns(), at_ns;

	if (!read_time(exchange, exchange->body, "at", now_ns, &at_ns))
		return;
	if (at_ns > now_ns + CHANGE_AHEAD_NS) {
		exchange_refuse(exchange, 400, "bad_request", "/at: is in the future");
		return;
	}
	const struct store_step steps[] = {
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_int((int64_t)at_ns), store_int((int64_t)now_ns),
		     store_text(exchange_actor(exchange)), store_text(service),
		     store_text(exchange_member(exchange, "what", "")),
		     store_text(exchange_member(exchange, "version", NULL)),
		     store_text(exchange_member(exchange, "commit", NULL)),
		     store_text(exchange_member(exchange, "url", NULL))),
		STEP(trim_sql, STORE_ANY, exchange_org(exchange)),
		exchange_audit(exchange, "change.tell", service, json_incref(exchange->body)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_told);
}

#define SHORT(max) "{\"type\":\"string\",\"minLength\":1,\"maxLength\":" #max "}"
#define SHOWN                                                                              \
	SCHEMA_GIVES("\"id\",\"at\",\"service\",\"what\"",                                 \
		     "\"id\":" SCHEMA_TEXT ",\"at\":" SCHEMA_TEXT ",\"told\":" SCHEMA_TEXT \
		     ",\"told_by\":" SCHEMA_TEXT ",\"service\":" SCHEMA_TEXT               \
		     ",\"what\":" SCHEMA_TEXT ",\"version\":" SCHEMA_NULL_TEXT             \
		     ",\"commit\":" SCHEMA_NULL_TEXT ",\"url\":" SCHEMA_NULL_TEXT)

const struct route routes_changes[] = {
	{ .method = "GET",
	  .operation = "list_changes",
	  .pattern = "/api/v1/changes",
	  .summary = "What was told of changes, newest first; 'before' is a time.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"service\":" SCHEMA_NAME ",\"before\":" SCHEMA_ID
				     ",\"limit\":{\"type\":\"integer\",\"minimum\":1,"
				     "\"maximum\":1000,\"default\":100}"),
	  .response = SCHEMA_LIST("changes", SHOWN),
	  .handle = get_changes },
	{ .method = "POST",
	  .operation = "create_change",
	  .pattern = "/api/v1/changes",
	  .summary =
		  "Tells of a change of a service, such as a deployment; 'at' is now if not said.",
	  .least = ROLE_RESPONDER,
	  .status = 201,
	  .request = SCHEMA_STRICT(
		  "\"service\",\"what\"",
		  "\"service\":" SCHEMA_NAME
		  ",\"what\":" SHORT(256) ",\"version\":" SHORT(128) ",\"commit\":" SHORT(
			  128) ",\"url\":" SHORT(1024) ",\"at\":" SHORT(40)),
	  .response = SHOWN,
	  .example = "{\"service\":\"checkout\",\"what\":\"deployment\",\"version\":\"v42\","
		     "\"commit\":\"3f2a91c\"}",
	  .handle = post_changes },
	{ 0 },
};
