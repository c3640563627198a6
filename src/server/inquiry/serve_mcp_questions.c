/* What MCP servers of others ask of people in the middle of a call: listed, answered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/exchange.h"
#include "server/inquiry/appeal.h"
#include "server/inquiry/form.h"
#include "server/inquiry/routes.h"

static const char open_sql[] =
	"SELECT a.id, a.investigation, i.caller, a.asked, a.expires, a.data FROM appeals a JOIN "
	"investigations i ON i.org = a.org AND i.id = a.investigation WHERE a.org = $1 AND "
	"a.kind = 'form' AND a.state = 'open' AND a.expires > $2 AND (CAST($3 AS TEXT) IS NULL OR "
	"a.id = $3) ORDER BY a.asked, a.id LIMIT 256";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "investigation", COLUMN_TEXT },
	{ "caller", COLUMN_TEXT },
	{ "asked", COLUMN_TIME },
	{ "expires", COLUMN_TIME },
	{ "question", COLUMN_JSON },
	{ 0 },
};

#define AT_CALLER 2
#define AT_DATA 5

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "mcp_questions", columns));
}

static void get_mcp_questions(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(open_sql, STORE_ANY, exchange_org(exchange),
						 exchange_now(), store_null()),
			1, handle_list);
}

static void handle_missing(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "no MCP server asks that, or not any more");
	else
		exchange_fail(exchange, err);
}

static void handle_given(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct exchange *exchange = data;

	if (err) {
		handle_missing(exchange, err);
		return;
	}
	exchange_recorded(exchange);
	exchange_answer(exchange, json_pack("{s:b, s:s}", "ok", 1, "id", exchange->params[0]));
}

/* Its fields, and never what is in them. */
static json_t *details_of(const char *action, const json_t *content)
{
	json_t *names = json_array();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)content, key, value)
		json_push(names, json_string(key));
	return json_pack("{s:s, s:o}", "action", action, "fields", names);
}

static void give(struct exchange *exchange, const char *action, const json_t *content)
{
	CLEANUP(json) json_t *said = json_pack("{s:s, s:O*}", "action", action, "content", content);
	CLEANUP(text) char *text = json_canonical(said);
	const struct store_step audit = exchange_audit(
		exchange, "mcp-question.answer", exchange->params[0], details_of(action, content));

	appeal_give(exchange->api->inquiries,
		    &(struct appeal_answer) {
			    .org = exchange->caller.org->id,
			    .id = exchange->params[0],
			    .say = strcmp(action, "accept") == 0 ? APPEAL_FILL : APPEAL_DECLINE,
			    .text = text,
			    .by = exchange->caller.name,
			    .record = &audit,
			    .done = handle_given,
			    .data = exchange,
		    });
}

static void handle_open(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json) json_t *data = json_loads(store_text_at(result->steps, 0, AT_DATA), 0, NULL);
	const json_t *form = json_object_get(data, "form");
	const char *action = exchange_member(exchange, "action", "");
	bool accepts = strcmp(action, "accept") == 0;
	bool has_fields = strcmp(json_get_text(form, "mode", ""), "form") == 0;
	const json_t *content = json_object_get(exchange->body, "content");
	CLEANUP(json) json_t *none = json_object();
	struct error err = { 0 };

	if (accepts && inquiry_is_author(exchange, store_text_at(result->steps, 0, AT_CALLER),
					 &result->steps[1])) {
		exchange_refuse(exchange, 403, NULL,
				"somebody else than who asked for the investigation answers what "
				"its calls ask, and of one by an access token an approver of the "
				"org");
		return;
	}
	if (content && (!accepts || !has_fields)) {
		exchange_refuse(exchange, 400, NULL, "content is of a form that is accepted");
		return;
	}
	if (accepts && has_fields && form_check(form, content ? content : none, &err) < 0) {
		exchange_refuse(exchange, 400, NULL, "%s", err.text);
		return;
	}
	give(exchange, action, accepts && has_fields ? (content ? content : none) : NULL);
}

static void post_mcp_question(struct exchange *exchange)
{
	struct store_value values[2];
	struct store_step steps[1 + INQUIRY_AUTHOR_STEPS] = {
		STEP(open_sql, STORE_SOME, exchange_org(exchange), exchange_now(),
		     store_text(exchange->params[0])),
	};

	inquiry_author_steps(exchange, values, &steps[1]);
	exchange->failed = handle_missing;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_open);
}

#define ROW                                                                  \
	SCHEMA_GIVES("\"id\",\"investigation\",\"question\"",                \
		     "\"id\":" SCHEMA_TEXT ",\"investigation\":" SCHEMA_TEXT \
		     ",\"caller\":" SCHEMA_TEXT ",\"asked\":" SCHEMA_TEXT    \
		     ",\"expires\":" SCHEMA_TEXT ",\"question\":{\"type\":\"object\"}")

const struct route routes_mcp_questions[] = {
	{ .method = "GET",
	  .operation = "list_mcp_questions",
	  .pattern = "/api/v1/mcp-questions",
	  .summary = "What MCP servers of others ask of people in the middle of a call.",
	  .least = ROLE_APPROVER,
	  .response = SCHEMA_LIST("mcp_questions", ROW),
	  .handle = get_mcp_questions },
	{ .method = "POST",
	  .operation = "answer_mcp_question",
	  .pattern = "/api/v1/mcp-questions/{mcp_question_id}",
	  .summary = "Answers one for that server alone, or declines; what is entered is kept "
		     "nowhere.",
	  .least = ROLE_APPROVER,
	  .request = SCHEMA_STRICT("\"action\"",
				   "\"action\":{\"enum\":[\"accept\",\"decline\",\"cancel\"]}"
				   ",\"content\":{\"type\":\"object\"}"),
	  .response = SCHEMA_GIVES("\"ok\",\"id\"", "\"ok\":" SCHEMA_FLAG ",\"id\":" SCHEMA_TEXT),
	  .example = "{\"action\":\"decline\"}",
	  .handle = post_mcp_question },
	{ 0 },
};
