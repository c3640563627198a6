/* Incidents over the API: lists, timelines, and what people say and do. */
#include <errno.h>
#include <string.h>

#include "server/incident/record.h"

static const char list_sql[] =
	"SELECT " RECORD_COLUMNS " FROM incidents WHERE org = $1 AND number < $3 "
	"AND (CAST($2 AS TEXT) = 'all' OR state = $2 "
	"OR (CAST($2 AS TEXT) = '' AND state <> 'merged')) ORDER BY number DESC LIMIT $4";
static const char alerts_sql[] =
	"SELECT " RECORD_ALERT_COLUMNS " FROM alerts WHERE org = $1 AND incident = " RECORD_ID
	" AND id > $4 ORDER BY id LIMIT $5";
static const char events_sql[] = "SELECT " RECORD_EVENT_COLUMNS
				 " FROM incident_events WHERE org = $1 AND incident = " RECORD_ID
				 " AND seq > $4 ORDER BY seq LIMIT $5";
static const char exists_sql[] = "SELECT id FROM incidents WHERE org = $1 AND id = " RECORD_ID;

static const char *number_text(struct exchange *exchange, int64_t number)
{
	return exchange_text(exchange, "%lld", (long long)number);
}

/* The cursor of the next page: a column of the last row, where the page is full. */
static void answer_page(struct exchange *exchange, const struct store_rows *rows, json_t *answer,
			unsigned column)
{
	const struct store_value *last;

	if (rows->n_rows && rows->n_rows == (unsigned)json_get_int(exchange->query, "limit", 0)) {
		last = store_at(rows, rows->n_rows - 1, column);
		json_put(answer, "next",
			 last->kind == STORE_INT ? json_string(number_text(exchange, last->integer))
						 : json_string(last->text.data));
	}
	exchange_answer(exchange, answer);
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	answer_page(exchange, result->steps,
		    exchange_rows(result->steps, "incidents", record_columns), 1);
}

static void get_incidents(struct exchange *exchange)
{
	const json_t *query = exchange->query;

	exchange_submit(
		exchange,
		&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
					 store_text(json_get_text(query, "state", "")),
					 store_int(json_get_int(query, "before", INT64_MAX)),
					 store_int(json_get_int(query, "limit", 0))),
		1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	json_t *record = incident_record_read(result);

	if (record)
		exchange_answer(exchange, record);
	else
		exchange_refuse(exchange, 404, NULL, "there is no such incident");
}

static void get_incident(struct exchange *exchange)
{
	struct record_query query;

	incident_record_ask(&query, exchange->caller.org->id, exchange->params[0]);
	exchange_submit(exchange, query.steps, RECORD_STEPS, handle_one);
}

static void handle_alerts(struct exchange *exchange, const struct store_result *result)
{
	answer_page(exchange, &result->steps[1],
		    exchange_rows(&result->steps[1], "alerts", record_alert_columns), 0);
}

static void handle_events(struct exchange *exchange, const struct store_result *result)
{
	answer_page(exchange, &result->steps[1],
		    exchange_rows(&result->steps[1], "events", record_event_columns), 0);
}

static void read_part(struct exchange *exchange, const char *sql, struct store_value after,
		      exchange_done *done)
{
	const char *at = exchange->params[0];
	const struct store_value org = exchange_org(exchange), id = store_text(at);
	int64_t number = 0;

	if (!scan_i64(&at, &number) || *at)
		number = 0;
	const struct store_step steps[] = {
		STEP(exists_sql, STORE_SOME, org, id, store_int(number)),
		STEP(sql, STORE_ANY, org, id, store_int(number), after,
		     store_int(json_get_int(exchange->query, "limit", 0))),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), done);
}

static void get_alerts(struct exchange *exchange)
{
	read_part(exchange, alerts_sql, store_text(json_get_text(exchange->query, "after", "")),
		  handle_alerts);
}

static void get_events(struct exchange *exchange)
{
	read_part(exchange, events_sql, store_int(json_get_int(exchange->query, "after", 0)),
		  handle_events);
}

static void handle_done(const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (err && err->code == -EALREADY)
		exchange_refuse(exchange, 409, "already", "%s", err->text);
	else if (err)
		exchange_fail(exchange, err);
	else
		exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void handle_resolved(const struct error *err, void *data)
{
	if (!err)
		exchange_recorded(data);
	handle_done(err, data);
}

static void post_resolve(struct exchange *exchange)
{
	struct store_step *audit = exchange_alloc(exchange, sizeof(*audit));

	*audit = exchange_audit(exchange, "incident.resolve", exchange->params[0], NULL);
	incident_resolve(exchange->api->incidents,
			 &(struct incident_resolution) { .org = exchange->caller.org->id,
							 .incident = exchange->params[0],
							 .actor = exchange_actor(exchange),
							 .record = audit },
			 handle_resolved, exchange);
}

static void post_note(struct exchange *exchange)
{
	const struct incident_entry entry = {
		.org = exchange->caller.org->id,
		.incident = exchange->params[0],
		.actor = exchange_actor(exchange),
		.kind = "note",
		.text = exchange_member(exchange, "text", ""),
	};

	incident_note(exchange->api->incidents, &entry, handle_done, exchange);
}

#define LIMIT "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}"
#define PART_LIMIT "{\"type\":\"integer\",\"minimum\":1,\"maximum\":250,\"default\":100}"
#define COUNT_FROM "{\"type\":\"integer\",\"minimum\":0}"
#define MERGED                                      \
	SCHEMA_GIVES("\"id\",\"number\",\"title\"", \
		     "\"id\":" SCHEMA_TEXT ",\"number\":" SCHEMA_COUNT ",\"title\":" SCHEMA_TEXT)
#define HIT                                                                  \
	SCHEMA_GIVES("\"name\",\"criticality\"",                             \
		     "\"name\":" SCHEMA_TEXT ",\"criticality\":" SCHEMA_TEXT \
		     ",\"owner\":" SCHEMA_TEXT ",\"runbook\":" SCHEMA_TEXT   \
		     ",\"by\":{\"enum\":[\"matchers\",\"hosts\",\"sockets\"]}")
#define AFFECTED                                                             \
	SCHEMA_GIVES("\"name\",\"through\",\"depth\"",                       \
		     "\"name\":" SCHEMA_TEXT ",\"criticality\":" SCHEMA_TEXT \
		     ",\"kind\":{\"enum\":[\"service\",\"host\"]}"           \
		     ",\"through\":" SCHEMA_TEXT ",\"depth\":" SCHEMA_COUNT  \
		     ",\"by\":{\"enum\":[\"declared\",\"observed\"]}"        \
		     ",\"seen\":" SCHEMA_TEXT)
#define IMPACT                                                  \
	"\"services\":{\"type\":\"array\",\"items\":" HIT       \
	"},\"affects\":{\"type\":\"array\",\"items\":" AFFECTED \
	"},\"changes\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}"
#define PART(of, members, cursor, read)                                                          \
	{                                                                                        \
		.method = "GET", .operation = "list_incident_" of,                               \
		.pattern = "/api/v1/incidents/{incident_id}/" of,                                \
		.summary = "The " of " of an incident; 'next' is the 'after' of the next page.", \
		.least = ROLE_VIEWER,                                                            \
		.query = SCHEMA_STRICT("", "\"after\":" cursor ",\"limit\":" PART_LIMIT),        \
		.response = SCHEMA_LIST(of, members), .handle = (read)                           \
	}

const struct route routes_incidents[] = {
	{ .method = "GET",
	  .operation = "list_incidents",
	  .pattern = "/api/v1/incidents",
	  .summary = "The org's incidents, newest first; 'next' is the 'before' of the next page.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("",
				 "\"state\":{\"enum\":[\"open\",\"resolved\",\"merged\",\"all\"]}"
				 ",\"before\":" COUNT_FROM ",\"limit\":" LIMIT),
	  .response = SCHEMA_LIST("incidents", SCHEMA_GIVES(RECORD_NAMES, RECORD_MEMBERS)),
	  .handle = get_incidents },
	{ .method = "GET",
	  .operation = "get_incident",
	  .pattern = "/api/v1/incidents/{incident_id}",
	  .summary = "An incident by id or number, with its alerts and its timeline.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_GIVES(
		  RECORD_NAMES ",\"alerts\",\"events\",\"merged\",\"services\",\"affects\","
			       "\"changes\"",
		  RECORD_MEMBERS ",\"alerts\":{\"type\":\"array\",\"items\":" RECORD_ALERT
				 "},\"events\":{\"type\":\"array\",\"items\":" RECORD_EVENT
				 "},\"merged\":{\"type\":\"array\",\"items\":" MERGED "}," IMPACT),
	  .handle = get_incident },
	PART("alerts", RECORD_ALERT, SCHEMA_ID, get_alerts),
	PART("events", RECORD_EVENT, COUNT_FROM, get_events),
	{ .method = "POST",
	  .operation = "resolve_incident",
	  .pattern = "/api/v1/incidents/{incident_id}/resolve",
	  .summary = "Resolves an incident by hand; 409 where it is no more open.",
	  .least = ROLE_RESPONDER,
	  .request = SCHEMA_STRICT("", ""),
	  .response = SCHEMA_OK,
	  .example = "{}",
	  .handle = post_resolve },
	{ .method = "POST",
	  .operation = "create_incident_note",
	  .pattern = "/api/v1/incidents/{incident_id}/notes",
	  .summary = "Writes a note into an incident's timeline.",
	  .least = ROLE_RESPONDER,
	  .request = SCHEMA_STRICT(
		  "\"text\"", "\"text\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":4096}"),
	  .response = SCHEMA_OK,
	  .example = "{\"text\":\"looking at it\"}",
	  .handle = post_note },
	{ 0 },
};
