/* Calls of MCP servers of others that wait for a person: listed, approved, refused. */
#include <string.h>

#include "server/inquiry/routes.h"
#include "server/inquiry/serve_mcp.h"

static const struct column columns[] = MCP_OPEN_COLUMNS("call");

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "mcp_calls", columns));
}

static void get_mcp_calls(struct exchange *exchange)
{
	mcp_open_list(exchange, "tool", handle_list);
}

static void handle_open(struct exchange *exchange, const struct store_result *result)
{
	const char *decision = exchange_member(exchange, "decision", "");
	bool approves = strcmp(decision, "approve") == 0;
	struct store_step audit;

	if (approves && mcp_open_is_own(exchange, result)) {
		exchange_refuse(exchange, 403, NULL,
				"somebody else than who asked for the investigation approves what "
				"it does, and of one by an access token an approver of the org");
		return;
	}
	audit = exchange_audit(exchange, approves ? "mcp-call.approve" : "mcp-call.refuse",
			       exchange->params[0], NULL);
	mcp_open_give(exchange, approves ? APPEAL_APPROVE : APPEAL_REFUSE, NULL, &audit);
}

static void post_mcp_call(struct exchange *exchange)
{
	mcp_open_find(exchange, "tool", handle_open);
}

const struct route routes_mcp_calls[] = {
	{ .method = "GET",
	  .operation = "list_mcp_calls",
	  .pattern = "/api/v1/mcp-calls",
	  .summary = "Calls of MCP servers of others that wait until a person approves them.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("mcp_calls", MCP_OPEN_ROW("call")),
	  .handle = get_mcp_calls },
	{ .method = "POST",
	  .operation = "decide_mcp_call",
	  .pattern = "/api/v1/mcp-calls/{mcp_call_id}",
	  .summary = "Approves exactly that call, or refuses it; not by who asked for the "
		     "investigation.",
	  .least = ROLE_APPROVER,
	  .request =
		  SCHEMA_STRICT("\"decision\"", "\"decision\":{\"enum\":[\"approve\",\"refuse\"]}"),
	  .response = MCP_OPEN_GIVEN,
	  .example = "{\"decision\":\"refuse\"}",
	  .handle = post_mcp_call },
	{ 0 },
};
