/*
 * /api/investigations, as documented clients ask: POST begins one, or waits for what came out
 * where they expect a model to think; GET lists and shows; PATCH takes what they say of one. An
 * agent may do all of it for its own host.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/hub/events.h"
#include "server/inquiry/documented_record.h"
#include "server/inquiry/inquiry.h"
#include "server/inquiry/routes.h"
#include "server/org/orgs.h"

#define EVENT_KIND "investigations"

static const char agent_sql[] =
	"SELECT id FROM agents WHERE org = $1 AND id = $2 AND revoked IS NULL";
/* $2 is the agent that asks, as its list has it; NULL for people, who see all. */
static const char list_sql[] =
	"SELECT " DOCUMENTED_BRIEF_COLUMNS
	" FROM investigations WHERE org = $1 AND (CAST($2 AS TEXT) IS NULL OR agents = $2) "
	"ORDER BY created DESC LIMIT 100";
static const char one_sql[] = "SELECT " DOCUMENTED_COLUMNS " FROM investigations WHERE org = $1 "
			      "AND (CAST($2 AS TEXT) IS NULL OR agents = $2) AND id = $3";
static const char say_sql[] = "UPDATE investigations SET request = $3 WHERE org = $1 AND id = $2 "
			      "AND request = $4";

/* --- who ---------------------------------------------------------------------------------- */

static bool is_agent(const struct exchange *exchange)
{
	return exchange->caller.role == ROLE_AGENT;
}

static struct store_value own_list(struct exchange *exchange)
{
	return is_agent(exchange)
		       ? store_text(exchange_text(exchange, "[\"%s\"]", exchange->caller.id))
		       : store_null();
}

static bool may(struct exchange *exchange, enum role least)
{
	if (is_agent(exchange) || role_allows(least, exchange->caller.role))
		return true;
	exchange->api->counters.forbidden++;
	exchange_refuse(exchange, 403, "forbidden", "this wants the role %s; you have the role %s",
			role_name(least), role_name(exchange->caller.role));
	return false;
}

/* By path, or by query. */
static const char *which(const struct exchange *exchange)
{
	if (exchange->params[0][0])
		return exchange->params[0];
	return json_get_text(exchange->query, "id", NULL);
}

static void ask_one(struct exchange *exchange, const char *id, exchange_done *done)
{
	exchange_ask(exchange, exchange->caller.org->id,
		     &(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
					      own_list(exchange), store_text(id)),
		     1, done);
}

/* --- a new one ---------------------------------------------------------------------------- */

static void handle_begun(struct exchange *exchange, const struct store_result *result)
{
	json_t *record = documented_record(&result->steps[0], 0);
	const struct hub_news news = { exchange->caller.org->id, EVENT_KIND, json_incref(record) };

	hub_publish(exchange->api->hub, &news, NULL, NULL);
	exchange_answer(exchange, record);
}

static void handle_started(const char *investigation, const char *thread UNUSED,
			   const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (err) {
		exchange_fail(exchange, err);
		return;
	}
	exchange_recorded(exchange);
	ask_one(exchange, exchange_text(exchange, "%s", investigation), handle_begun);
}

static void start(struct exchange *exchange, const struct store_result *result)
{
	const char *agent = store_text_at(&result->steps[0], 0, 0);
	CLEANUP(json) json_t *agents = json_pack("[s]", agent);
	CLEANUP(json)
	json_t *said =
		json_pack("{s:s}", "priority", exchange_member(exchange, "priority", "medium"));
	const struct store_step audit = exchange_audit(exchange, "investigation.start", "",
						       json_pack("{s:i}", "n_agents", 1));

	inquiry_start(exchange->api->inquiries,
		      &(struct inquiry_request) {
			      .org = exchange->caller.org->id,
			      .caller = exchange_text(exchange, "%.64s/%.60s", exchange->caller.id,
						      exchange->caller.name),
			      .prompt = exchange_member(exchange, "issue", ""),
			      .agents = agents,
			      .said = said,
			      .record = &audit,
		      },
		      handle_started, exchange);
}

static void create(struct exchange *exchange)
{
	const char *own = is_agent(exchange) ? exchange->caller.id : NULL;
	const char *agent = exchange_member(exchange, "agent_id", own);
	size_t length = documented_length(exchange_member(exchange, "issue", ""));

	if (!agent || length < DOCUMENTED_ISSUE_MIN || length > DOCUMENTED_ISSUE_MAX) {
		exchange_refuse(exchange, 400, "bad_request",
				"agent_id and issue are required; an issue has %d to %d characters",
				DOCUMENTED_ISSUE_MIN, DOCUMENTED_ISSUE_MAX);
		return;
	}
	if (own && strcmp(agent, own) != 0) {
		exchange_refuse(exchange, 403, "forbidden", "an agent asks for its own host only");
		return;
	}
	if (!orgs_take_call(exchange->caller.org, clock_monotonic_ns())) {
		exchange->api->counters.limited++;
		http_reply_header(exchange->http, "Retry-After", "60");
		exchange_refuse(exchange, 429, "quota_exceeded",
				"the org has used its calls of this minute");
		return;
	}
	exchange_ask(exchange, exchange->caller.org->id,
		     &(struct store_step)STEP(agent_sql, STORE_SOME, exchange_org(exchange),
					      store_text(agent)),
		     1, start);
}

/* --- what came out ------------------------------------------------------------------------ */

static void handle_outcome(struct exchange *exchange, const struct store_result *result)
{
	json_t *completion = documented_completion(&result->steps[0], 0);

	if (completion)
		exchange_answer_other(exchange, 200, completion);
	else
		exchange_refuse(exchange, 400, "no_report",
				"the investigation ended without a report");
}

static int deliver(const struct inquiry_event *event UNUSED, void *data UNUSED)
{
	return 0;
}

static void handle_ended(const struct error *err, void *data)
{
	struct exchange *exchange = data;

	exchange->http->gone = NULL;
	if (err)
		exchange_fail(exchange, err);
	else
		ask_one(exchange, exchange_member(exchange, "investigation_id", ""),
			handle_outcome);
}

/* Who waited left: his place is another's. */
static void handle_gone(struct http_request *request)
{
	struct exchange *exchange = request->data;

	inquiry_watch_end(exchange->data);
	exchange_end(exchange);
}

/* It is the caller's: now its end is waited for. */
static void await_end(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct error err = { 0 };
	const struct inquiry_watcher watcher = {
		.org = exchange->caller.org->id,
		.investigation = exchange_member(exchange, "investigation_id", ""),
		.deliver = deliver,
		.ended = handle_ended,
		.data = exchange,
	};

	exchange->data = inquiry_watch(exchange->api->inquiries, &watcher, &err);
	if (!exchange->data) {
		exchange_fail(exchange, &err);
		return;
	}
	exchange->http->data = exchange;
	exchange->http->gone = handle_gone;
}

static void post(struct exchange *exchange)
{
	const char *id = exchange_member(exchange, "investigation_id", NULL);

	if (!may(exchange, ROLE_RESPONDER))
		return;
	if (id)
		ask_one(exchange, id, await_end);
	else
		create(exchange);
}

static void post_investigations(struct exchange *exchange)
{
	exchange_authenticate(exchange, post);
}

/* --- reading ------------------------------------------------------------------------------ */

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, documented_record(&result->steps[0], 0));
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->steps[0].n_rows; i++)
		json_push(list, documented_brief(&result->steps[0], i));
	exchange_answer(exchange, list);
}

static void get(struct exchange *exchange)
{
	if (!may(exchange, ROLE_VIEWER))
		return;
	if (which(exchange))
		ask_one(exchange, which(exchange), handle_one);
	else
		exchange_ask(exchange, exchange->caller.org->id,
			     &(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
						      own_list(exchange)),
			     1, handle_list);
}

static void get_investigations(struct exchange *exchange)
{
	exchange_authenticate(exchange, get);
}

/* --- what clients say of one -------------------------------------------------------------- */

static void handle_said(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:s}", "success", "true"));
}

/* Somebody else said something meanwhile. */
static void handle_missed(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL, "it was changed just now: ask again");
	else
		exchange_fail(exchange, err);
}

static void say(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = &result->steps[0];
	const char *id = exchange_text(exchange, "%s", store_text_at(rows, 0, 0));
	const char *old = exchange_text(exchange, "%s", store_text_at(rows, 0, 12));
	CLEANUP(text) char *new = documented_say(rows, 0, exchange->body);
	const struct store_step steps[] = {
		STEP(say_sql, STORE_SOME, exchange_org(exchange), store_text(id), store_text(new),
		     store_text(old)),
		exchange_audit(exchange, "investigation.say", id, NULL),
	};

	exchange->failed = handle_missed;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_said);
}

static void patch(struct exchange *exchange)
{
	if (!may(exchange, ROLE_RESPONDER))
		return;
	if (which(exchange))
		ask_one(exchange, which(exchange), say);
	else
		exchange_refuse(exchange, 400, "bad_request", "say which one: ?id=");
}

static void patch_investigations(struct exchange *exchange)
{
	exchange_authenticate(exchange, patch);
}

/* --- routes ------------------------------------------------------------------------------- */

#define STATUS "{\"enum\":[\"pending\",\"in_progress\",\"completed\",\"failed\"]}"
#define PRIORITY "{\"enum\":[\"low\",\"medium\",\"high\"]}"
#define BRIEF_MEMBERS                                                                   \
	"\"id\":" SCHEMA_TEXT ",\"user_id\":" SCHEMA_TEXT ",\"agent_id\":" SCHEMA_TEXT  \
	",\"user_prompt\":" SCHEMA_TEXT ",\"priority\":" PRIORITY ",\"status\":" STATUS \
	",\"initiated_at\":" SCHEMA_TEXT ",\"completed_at\":" SCHEMA_NULL_TEXT          \
	",\"created_at\":" SCHEMA_TEXT ",\"updated_at\":" SCHEMA_TEXT                   \
	",\"inference_count\":" SCHEMA_COUNT
#define RECORD                                                                          \
	SCHEMA_GIVES("\"id\",\"agent_id\",\"priority\",\"status\",\"resolution_plan\"", \
		     BRIEF_MEMBERS ",\"episode_id\":" SCHEMA_TEXT                       \
				   ",\"resolution_plan\":" SCHEMA_TEXT                  \
				   ",\"metadata\":{\"type\":\"object\"}")
#define BRIEF SCHEMA_GIVES("\"id\",\"agent_id\",\"priority\",\"status\"", BRIEF_MEMBERS)
#define BY_ID SCHEMA_STRICT("", "\"id\":" SCHEMA_ID)
#define SAYS                                                                          \
	SCHEMA_OBJECT("\"status\":" STATUS                                            \
		      ",\"resolution_plan\":{\"type\":\"string\",\"maxLength\":5000}" \
		      ",\"episode_id\":{\"type\":\"string\",\"maxLength\":255}")
#define DONE SCHEMA_GIVES("\"success\"", "\"success\":" SCHEMA_TEXT)

const struct route routes_documented[] = {
	{ .method = "POST",
	  .operation = "create_documented_investigation",
	  .pattern = "/api/investigations",
	  .summary = "Begins an investigation of one host; with investigation_id waits for its end "
		     "and answers 200 with a chat completion.",
	  .status = 201,
	  .also = 200,
	  .max_body_bytes = MIB,
	  .request = SCHEMA_OBJECT("\"agent_id\":" SCHEMA_ID ",\"issue\":" SCHEMA_TEXT
				   ",\"priority\":" PRIORITY ",\"investigation_id\":" SCHEMA_ID
				   ",\"model\":" SCHEMA_TEXT
				   ",\"messages\":{\"type\":\"array\",\"items\":{\"type\":"
				   "\"object\"}}"),
	  .response = RECORD,
	  .example = "{\"agent_id\":\"agent_0\",\"issue\":\"The disk is full, says df\"}",
	  .handle = post_investigations },
	{ .method = "GET",
	  .operation = "list_documented_investigations",
	  .pattern = "/api/investigations",
	  .summary = "The newest investigations, or the one with this id, in the documented form.",
	  .query = BY_ID,
	  .response = "{\"type\":[\"array\",\"object\"],\"items\":" BRIEF "}",
	  .handle = get_investigations },
	{ .method = "PATCH",
	  .operation = "update_documented_investigation",
	  .pattern = "/api/investigations",
	  .summary = "Takes what a client says of the investigation with this id.",
	  .query = BY_ID,
	  .request = SAYS,
	  .response = DONE,
	  .example = "{\"status\":\"in_progress\"}",
	  .handle = patch_investigations },
	{ .method = "GET",
	  .operation = "get_documented_investigation",
	  .pattern = "/api/investigations/{investigation_id}",
	  .summary = "One investigation in the documented form.",
	  .response = RECORD,
	  .handle = get_investigations },
	{ .method = "PATCH",
	  .operation = "update_documented_investigation_by_path",
	  .pattern = "/api/investigations/{investigation_id}",
	  .summary = "The same as PATCH with ?id=.",
	  .request = SAYS,
	  .response = DONE,
	  .example = "{\"status\":\"in_progress\"}",
	  .handle = patch_investigations },
	{ 0 },
};
