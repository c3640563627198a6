/* What the server asks over the link: MCP's methods, and calls/acknowledge. */
#include <errno.h>
#include <string.h>

#include "agent/link_internal.h"
#include "base/log.h"
#include "surface/mcp/tool.h"

#define MCP_VERSION "2025-06-18"

static void answer(struct link *link, json_t *id, json_t *result)
{
	(void)link_send(link, jsonrpc_format_result(id, result)); /* asked again if it is lost */
}

static void refuse(struct link *link, json_t *id, int code, const char *sentence)
{
	(void)link_send(link, jsonrpc_format_error(id, code, sentence, NULL));
}

static void initialize(struct link *link, json_t *id, const json_t *params UNUSED)
{
	answer(link, id,
	       json_pack("{s:s, s:{s:{}}, s:{s:s, s:s}}", "protocolVersion", MCP_VERSION,
			 "capabilities", "tools", "serverInfo", "name", "constable-agent",
			 "version", link->agent->version));
}

static void ping(struct link *link, json_t *id, const json_t *params UNUSED)
{
	answer(link, id, NULL);
}

struct listing {
	struct link *link;
	json_t *id;
};

static void handle_tools(const struct frame *frame, const struct error *err, void *data)
{
	struct listing *listing = data;
	struct error why = { 0 };
	CLEANUP(json) json_t *catalogue = NULL;
	json_t *tools = json_array();
	const json_t *tool;
	size_t i;

	if (!err)
		catalogue = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, &why);
	json_array_foreach(catalogue, i, tool) json_push(tools, mcp_describe_tool(tool));
	if (catalogue) {
		answer(listing->link, listing->id, json_pack("{s:o}", "tools", tools));
	} else {
		refuse(listing->link, listing->id, JSONRPC_INTERNAL_ERROR,
		       err ? err->text : why.text);
		json_decref(tools);
	}
	json_decref(listing->id);
	free(listing);
}

static void list_tools(struct link *link, json_t *id, const json_t *params UNUSED)
{
	struct listing *listing = malloc(sizeof(*listing));

	if (!listing)
		abort();
	*listing = (struct listing) { link, json_incref(id) };
	if (warden_ask(link->agent->warden, json_pack("{s:s}", "type", "tools"), NULL, handle_tools,
		       listing) == 0)
		return;
	refuse(link, id, JSONRPC_INTERNAL_ERROR, "the warden does not answer");
	json_decref(listing->id);
	free(listing);
}

static void call_tool(struct link *link, json_t *id, const json_t *params)
{
	const char *call = json_string_value(id);

	if (!call || !*call || strlen(call) >= CALLS_ID_BYTES) {
		refuse(link, id, JSONRPC_INVALID_REQUEST, "the id of a call is 1 to 64 characters");
		return;
	}
	agent_was_busy(link->agent);
	calls_take(&link->agent->calls, call, params);
}

static const struct {
	const char *name;
	void (*handle)(struct link *link, json_t *id, const json_t *params);
} methods[] = {
	{ "initialize", initialize },
	{ "ping", ping },
	{ "tools/call", call_tool },
	{ "tools/list", list_tools },
};

static void take_notification(struct link *link, const struct jsonrpc_message *message)
{
	struct calls *calls = &link->agent->calls;

	if (strcmp(message->method, "calls/acknowledge") == 0)
		calls_acknowledge(calls, json_get_text(message->params, "call_id", ""));
	else if (strcmp(message->method, "approvers/update") == 0)
		agent_take_approvers(link->agent, message->params);
	else if (strcmp(message->method, "notifications/cancelled") == 0)
		calls_cancel(calls, json_get_text(message->params, "requestId", ""));
}

void method_take(struct link *link, const struct jsonrpc_message *message)
{
	if (message->kind == JSONRPC_NOTIFICATION) {
		take_notification(link, message);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(message->method, methods[i].name) == 0) {
			methods[i].handle(link, message->id, message->params);
			return;
		}
	}
	refuse(link, message->id, JSONRPC_METHOD_NOT_FOUND, "the agent has no such method");
}
