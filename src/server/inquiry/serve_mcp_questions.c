/* What MCP servers of others ask of people in the middle of a call: listed, answered. */
#include <string.h>

#include "server/inquiry/form.h"
#include "server/inquiry/routes.h"
#include "server/inquiry/serve_mcp.h"

static const struct column columns[] = MCP_OPEN_COLUMNS("question");

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "mcp_questions", columns));
}

static void get_mcp_questions(struct exchange *exchange)
{
	mcp_open_list(exchange, "form", handle_list);
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

	mcp_open_give(exchange, strcmp(action, "accept") == 0 ? APPEAL_FILL : APPEAL_DECLINE, text,
		      &audit);
}

static void handle_open(struct exchange *exchange, const struct store_result *result)
{
	CLEANUP(json)
	json_t *data = json_loads(store_text_at(result->steps, 0, MCP_OPEN_DATA), 0, NULL);
	const json_t *form = json_object_get(data, "form");
	const char *action = exchange_member(exchange, "action", "");
	bool accepts = strcmp(action, "accept") == 0;
	bool has_fields = strcmp(json_get_text(form, "mode", ""), "form") == 0;
	const json_t *content = json_object_get(exchange->body, "content");
	CLEANUP(json) json_t *none = json_object();
	struct error err = { 0 };

	if (accepts && mcp_open_is_own(exchange, result)) {
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
	mcp_open_find(exchange, "form", handle_open);
}

const struct route routes_mcp_questions[] = {
	{ .method = "GET",
	  .operation = "list_mcp_questions",
	  .pattern = "/api/v1/mcp-questions",
	  .summary = "What MCP servers of others ask of people in the middle of a call.",
	  .least = ROLE_APPROVER,
	  .response = SCHEMA_LIST("mcp_questions", MCP_OPEN_ROW("question")),
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
	  .response = MCP_OPEN_GIVEN,
	  .example = "{\"action\":\"decline\"}",
	  .handle = post_mcp_question },
	{ 0 },
};
