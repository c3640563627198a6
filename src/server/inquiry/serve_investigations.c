/* Investigations and threads as records: lists, one, its case, its events. */
#include <string.h>

#include "server/inquiry/routes.h"
#include "server/inquiry/stream.h"

#define BRIEF_COLUMNS                                                                           \
	"id, thread, turn, state, caller, engine, incident, created, started, finished, "       \
	"n_events, n_calls, tokens_in, tokens_out, cost_micros, waited_ms, max_ms, max_calls, " \
	"max_tokens, max_cost_micros, verdict, cause_id, confidence_permille, error, "          \
	"root_cause, question, agents"

static const char list_sql[] =
	"SELECT " BRIEF_COLUMNS " FROM investigations WHERE org = $1 AND created < "
	"COALESCE((SELECT created FROM investigations WHERE org = $1 AND id = $2), $7) "
	"AND (CAST($3 AS TEXT) IS NULL OR state = $3) "
	"AND (CAST($4 AS TEXT) IS NULL OR thread = $4) "
	"AND (CAST($5 AS TEXT) IS NULL OR incident = $5) ORDER BY created DESC LIMIT $6";
static const char one_sql[] = "SELECT " BRIEF_COLUMNS ", request, report FROM investigations "
			      "WHERE org = $1 AND id = $2";
static const char case_sql[] = "SELECT bundle FROM investigations WHERE org = $1 AND id = $2 "
			       "AND bundle IS NOT NULL";
static const char place_sql[] = "SELECT id, thread FROM investigations WHERE org = $1 AND id = $2";
static const char history_sql[] =
	"SELECT seq, time, type, data FROM investigation_events WHERE org = $1 AND "
	"investigation = $2 AND seq > $3 ORDER BY seq LIMIT $4";
static const char threads_sql[] =
	"SELECT id, title, caller, incident, created, updated, n_turns, n_evidence FROM threads "
	"WHERE org = $1 AND updated < $2 ORDER BY updated DESC LIMIT $3";
static const char thread_sql[] =
	"SELECT id, title, caller, incident, created, updated, n_turns, n_evidence FROM threads "
	"WHERE org = $1 AND id = $2";
static const char turns_sql[] = "SELECT " BRIEF_COLUMNS " FROM investigations WHERE org = $1 AND "
				"thread = $2 ORDER BY turn LIMIT 1000";
static const char evidence_sql[] =
	"SELECT 'e' || CAST(number AS TEXT), investigation, agent, host, call, tool, asked, "
	"answered, elapsed_ms, sha256, code, error, args, CASE WHEN $3 = 1 THEN bytes END "
	"FROM evidence WHERE org = $1 AND thread = $2 ORDER BY number LIMIT 2000";

#define BRIEF                                                                                   \
	{ "id", COLUMN_TEXT }, { "thread_id", COLUMN_TEXT }, { "turn", COLUMN_INT },            \
		{ "state", COLUMN_TEXT }, { "caller", COLUMN_TEXT }, { "engine", COLUMN_TEXT }, \
		{ "incident", COLUMN_TEXT }, { "created", COLUMN_TIME },                        \
		{ "started", COLUMN_TIME }, { "finished", COLUMN_TIME },                        \
		{ "n_events", COLUMN_INT }, { "n_calls", COLUMN_INT },                          \
		{ "tokens_in", COLUMN_INT }, { "tokens_out", COLUMN_INT },                      \
		{ "cost_micros", COLUMN_INT }, { "waited_ms", COLUMN_INT },                     \
		{ "max_ms", COLUMN_INT }, { "max_calls", COLUMN_INT },                          \
		{ "max_tokens", COLUMN_INT }, { "max_cost_micros", COLUMN_INT },                \
		{ "verdict", COLUMN_TEXT }, { "cause_id", COLUMN_TEXT },                        \
		{ "confidence_permille", COLUMN_INT }, { "error", COLUMN_TEXT },                \
		{ "root_cause", COLUMN_TEXT }, { "question", COLUMN_TEXT },                     \
	{                                                                                       \
		"agents", COLUMN_JSON                                                           \
	}

static const struct column columns[] = { BRIEF, { 0 } };
static const struct column columns_whole[] = {
	BRIEF,
	{ "request", COLUMN_JSON },
	{ "report", COLUMN_JSON },
	{ 0 },
};
static const struct column event_columns[] = {
	{ "seq", COLUMN_INT },
	{ "timestamp", COLUMN_TIME },
	{ "type", COLUMN_TEXT },
	{ "data", COLUMN_JSON },
	{ 0 },
};
static const struct column thread_columns[] = {
	{ "id", COLUMN_TEXT },       { "title", COLUMN_TEXT },     { "caller", COLUMN_TEXT },
	{ "incident", COLUMN_TEXT }, { "created", COLUMN_TIME },   { "updated", COLUMN_TIME },
	{ "n_turns", COLUMN_INT },   { "n_evidence", COLUMN_INT }, { 0 },
};
static const struct column evidence_columns[] = {
	{ "id", COLUMN_TEXT },     { "investigation", COLUMN_TEXT }, { "agent", COLUMN_TEXT },
	{ "host", COLUMN_TEXT },   { "call", COLUMN_TEXT },          { "tool", COLUMN_TEXT },
	{ "asked", COLUMN_TIME },  { "answered", COLUMN_TIME },      { "elapsed_ms", COLUMN_INT },
	{ "sha256", COLUMN_TEXT }, { "code", COLUMN_INT },           { "error", COLUMN_TEXT },
	{ "args", COLUMN_JSON },   { "bytes", COLUMN_TEXT },         { 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	json_t *answer = exchange_rows(rows, "investigations", columns);

	if (rows->n_rows == (unsigned)json_get_int(exchange->query, "limit", 0))
		json_put(answer, "next", json_string(store_text_at(rows, rows->n_rows - 1, 0)));
	exchange_answer(exchange, answer);
}

static void get_list(struct exchange *exchange)
{
	const json_t *query = exchange->query;

	exchange_submit(exchange,
			&(struct store_step)STEP(
				list_sql, STORE_ANY, exchange_org(exchange),
				store_text(json_get_text(query, "before", "")),
				store_text(json_get_text(query, "state", NULL)),
				store_text(json_get_text(query, "thread_id", NULL)),
				store_text(json_get_text(query, "incident", NULL)),
				store_int(json_get_int(query, "limit", 0)), store_int(INT64_MAX)),
			1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	json_t *record = exchange_row(result->steps, 0, columns_whole);
	json_t *request = json_object_get(record, "request");
	const json_t *images = json_object_get(request, "images");

	/* Who sent them has them. */
	if (images)
		json_put(request, "images", json_integer((json_int_t)json_array_size(images)));
	exchange_answer(exchange, record);
}

static void get_one(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void handle_case(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, json_loads(store_text_at(result->steps, 0, 0), 0, NULL));
}

static void get_case(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(case_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_case);
}

static void handle_place(struct exchange *exchange, const struct store_result *result)
{
	const char *last = http_request_field(exchange->http, "last-event-id");
	const char *investigation =
		exchange_text(exchange, "%s", store_text_at(result->steps, 0, 0));
	const char *thread = exchange_text(exchange, "%s", store_text_at(result->steps, 0, 1));
	uint64_t seq;

	if (!last || !scan_u64(&last, &seq) || *last || seq > INT64_MAX)
		seq = (uint64_t)json_get_int(exchange->query, "after", 0);
	stream_start(exchange, &(struct stream_wish) { .investigation = investigation,
						       .thread = thread,
						       .after_seq = seq,
						       .ids = STREAM_WITH_IDS });
}

static void get_events(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(place_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_place);
}

static void handle_history(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(&result->steps[1], "events", event_columns));
}

static void get_history(struct exchange *exchange)
{
	struct store_value org = exchange_org(exchange), id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(place_sql, STORE_SOME, org, id),
		STEP(history_sql, STORE_ANY, org, id,
		     store_int(json_get_int(exchange->query, "after", 0)),
		     store_int(json_get_int(exchange->query, "limit", 0))),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_history);
}

static void handle_threads(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	json_t *answer = exchange_rows(rows, "threads", thread_columns);

	if (rows->n_rows == (unsigned)json_get_int(exchange->query, "limit", 0))
		json_put(answer, "next",
			 json_string(exchange_text(
				 exchange, "%lld",
				 (long long)store_int_at(rows, rows->n_rows - 1, 5))));
	exchange_answer(exchange, answer);
}

static void get_threads(struct exchange *exchange)
{
	const json_t *query = exchange->query;

	exchange_submit(
		exchange,
		&(struct store_step)STEP(threads_sql, STORE_ANY, exchange_org(exchange),
					 store_int(json_get_int(query, "before", INT64_MAX)),
					 store_int(json_get_int(query, "limit", 0))),
		1, handle_threads);
}

static void handle_thread(struct exchange *exchange, const struct store_result *result)
{
	json_t *answer = exchange_row(&result->steps[0], 0, thread_columns);
	CLEANUP(json) json_t *turns = exchange_rows(&result->steps[1], "investigations", columns);
	CLEANUP(json)
	json_t *evidence = exchange_rows(&result->steps[2], "evidence", evidence_columns);

	if (json_object_update(answer, turns) < 0 || json_object_update(answer, evidence) < 0)
		abort();
	exchange_answer(exchange, answer);
}

static void get_thread(struct exchange *exchange)
{
	struct store_value org = exchange_org(exchange), id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(thread_sql, STORE_SOME, org, id),
		STEP(turns_sql, STORE_ANY, org, id),
		STEP(evidence_sql, STORE_ANY, org, id,
		     store_int(json_get_int(exchange->query, "bytes", 0))),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_thread);
}

#define LIMIT "\"limit\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}"
#define INVESTIGATION_MEMBERS                                                                     \
	"\"id\":" SCHEMA_TEXT ",\"thread_id\":" SCHEMA_TEXT ",\"turn\":" SCHEMA_COUNT             \
	",\"state\":{\"enum\":[\"queued\",\"running\",\"done\",\"failed\",\"interrupted\"]}"      \
	",\"caller\":" SCHEMA_TEXT ",\"engine\":" SCHEMA_TEXT ",\"incident\":" SCHEMA_NULL_TEXT   \
	",\"created\":" SCHEMA_TEXT ",\"started\":" SCHEMA_NULL_TEXT                              \
	",\"finished\":" SCHEMA_NULL_TEXT ",\"n_events\":" SCHEMA_COUNT                           \
	",\"n_calls\":" SCHEMA_COUNT ",\"tokens_in\":" SCHEMA_COUNT                               \
	",\"tokens_out\":" SCHEMA_COUNT ",\"cost_micros\":" SCHEMA_COUNT                          \
	",\"waited_ms\":" SCHEMA_COUNT ",\"max_ms\":" SCHEMA_COUNT ",\"max_calls\":" SCHEMA_COUNT \
	",\"max_tokens\":" SCHEMA_COUNT ",\"max_cost_micros\":" SCHEMA_COUNT                      \
	",\"verdict\":" SCHEMA_NULL_TEXT ",\"cause_id\":" SCHEMA_NULL_TEXT                        \
	",\"confidence_permille\":" SCHEMA_NULL_COUNT ",\"error\":" SCHEMA_NULL_TEXT              \
	",\"root_cause\":" SCHEMA_NULL_TEXT ",\"question\":" SCHEMA_TEXT                          \
	",\"agents\":" SCHEMA_TEXTS
#define INVESTIGATION SCHEMA_GIVES("\"id\",\"thread_id\",\"state\"", INVESTIGATION_MEMBERS)
#define THREAD_MEMBERS                                                                            \
	"\"id\":" SCHEMA_TEXT ",\"title\":" SCHEMA_TEXT ",\"caller\":" SCHEMA_TEXT                \
	",\"incident\":" SCHEMA_NULL_TEXT ",\"created\":" SCHEMA_TEXT ",\"updated\":" SCHEMA_TEXT \
	",\"n_turns\":" SCHEMA_COUNT ",\"n_evidence\":" SCHEMA_COUNT
#define EVIDENCE                                                                          \
	SCHEMA_GIVES("\"id\",\"tool\"",                                                   \
		     "\"id\":" SCHEMA_TEXT ",\"investigation\":" SCHEMA_TEXT              \
		     ",\"agent\":" SCHEMA_TEXT ",\"host\":" SCHEMA_TEXT                   \
		     ",\"call\":" SCHEMA_NULL_TEXT ",\"tool\":" SCHEMA_TEXT               \
		     ",\"asked\":" SCHEMA_TEXT ",\"answered\":" SCHEMA_NULL_TEXT          \
		     ",\"elapsed_ms\":" SCHEMA_NULL_COUNT ",\"sha256\":" SCHEMA_NULL_TEXT \
		     ",\"code\":" SCHEMA_NULL_COUNT ",\"error\":" SCHEMA_NULL_TEXT        \
		     ",\"args\":{\"type\":\"object\"}"                                    \
		     ",\"bytes\":" SCHEMA_NULL_TEXT)

const struct route routes_investigations[] = {
	{ .method = "GET",
	  .operation = "list_investigations",
	  .pattern = "/api/v1/investigations",
	  .summary = "The org's investigations, newest first.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"state\":" SCHEMA_ID ",\"thread_id\":" SCHEMA_ID
				     ",\"incident\":" SCHEMA_ID ",\"before\":" SCHEMA_ID "," LIMIT),
	  .response = SCHEMA_LIST("investigations", INVESTIGATION),
	  .handle = get_list },
	{ .method = "GET",
	  .operation = "get_investigation",
	  .pattern = "/api/v1/investigations/{investigation_id}",
	  .summary = "One investigation with its report.",
	  .least = ROLE_VIEWER,
	  .response =
		  SCHEMA_GIVES("\"id\",\"thread_id\",\"state\",\"report\"", INVESTIGATION_MEMBERS
			       ",\"request\":{\"type\":\"object\"},\"report\":{\"type\":"
			       "[\"object\",\"null\"]}"),
	  .handle = get_one },
	{ .method = "GET",
	  .operation = "get_investigation_case",
	  .pattern = "/api/v1/investigations/{investigation_id}/case",
	  .summary = "Its case, which can be replayed without the host; of several hosts "
		     "{\"cases\": [...]}.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_OBJECT(""),
	  .handle = get_case },
	{ .method = "GET",
	  .operation = "follow_investigation",
	  .pattern = "/api/v1/investigations/{investigation_id}/events",
	  .summary = "What it tells, from the first event or after Last-Event-ID (SSE).",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_STREAM,
	  .query = SCHEMA_STRICT("", "\"after\":" SCHEMA_COUNT),
	  .type = "text/event-stream",
	  .handle = get_events },
	{ .method = "GET",
	  .operation = "get_investigation_history",
	  .pattern = "/api/v1/investigations/{investigation_id}/history",
	  .summary = "The same as a list: what it has told so far, after a number.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"after\":" SCHEMA_COUNT "," LIMIT),
	  .response = SCHEMA_LIST("events",
				  SCHEMA_GIVES("\"seq\",\"type\",\"data\"",
					       "\"seq\":" SCHEMA_COUNT ",\"timestamp\":" SCHEMA_TEXT
					       ",\"type\":" SCHEMA_TEXT
					       ",\"data\":{\"type\":\"object\"}")),
	  .handle = get_history },
	{ .method = "GET",
	  .operation = "list_threads",
	  .pattern = "/api/v1/threads",
	  .summary = "The org's threads, those with the latest questions first.",
	  .least = ROLE_VIEWER,
	  .query = SCHEMA_STRICT("", "\"before\":" SCHEMA_COUNT "," LIMIT),
	  .response = SCHEMA_LIST("threads", SCHEMA_GIVES("\"id\",\"title\"", THREAD_MEMBERS)),
	  .handle = get_threads },
	{ .method = "GET",
	  .operation = "get_thread",
	  .pattern = "/api/v1/threads/{thread_id}",
	  .summary = "One thread with its questions and its evidence; bytes=1 adds what was read.",
	  .least = ROLE_VIEWER,
	  .query =
		  SCHEMA_STRICT("", "\"bytes\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":1}"),
	  .response =
		  SCHEMA_GIVES("\"id\",\"title\",\"investigations\",\"evidence\"", THREAD_MEMBERS
			       ",\"investigations\":{\"type\":\"array\","
			       "\"items\":" INVESTIGATION
			       "},\"evidence\":{\"type\":\"array\",\"items\":" EVIDENCE "}"),
	  .handle = get_thread },
	{ 0 },
};
