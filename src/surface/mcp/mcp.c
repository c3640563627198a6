#include "surface/mcp/mcp.h"

#include <stdlib.h>
#include <string.h>

#include "surface/mcp/mcp_internal.h"
#include "surface/mcp/tool.h"

/* Newest last: what a client is offered that asks for another. */
static const char *const revisions[] = { "2025-03-26", "2025-06-18", "2025-11-25" };

void mcp_say(struct mcp *mcp, char *message)
{
	mcp->peer->say(mcp->peer->data, message);
	free(message);
}

void mcp_refuse(struct mcp *mcp, json_t *id, int code, const char *sentence)
{
	mcp_say(mcp, jsonrpc_format_error(id, code, sentence, NULL));
}

void mcp_refuse_unread(struct mcp *mcp, const char *sentence)
{
	mcp_refuse(mcp, NULL, JSONRPC_INVALID_REQUEST, sentence);
}

static const char *negotiate(const char *wanted)
{
	for (size_t i = 0; i < ARRAY_LEN(revisions); i++)
		if (strcmp(revisions[i], wanted) == 0)
			return revisions[i];
	return revisions[ARRAY_LEN(revisions) - 1];
}

static void initialize(struct mcp *mcp, json_t *id, const json_t *params)
{
	const char *wanted = json_get_text(params, "protocolVersion", NULL);

	if (!wanted) {
		mcp_refuse(mcp, id, JSONRPC_INVALID_PARAMS, "initialize names a protocolVersion");
		return;
	}
	if (mcp->revision) {
		mcp_refuse(mcp, id, JSONRPC_INVALID_REQUEST, "this session is initialized already");
		return;
	}
	mcp->revision = negotiate(wanted);
	mcp_say(mcp, jsonrpc_format_result(
			     id, json_pack("{s:s, s:{s:{}}, s:{s:s, s:s}}", "protocolVersion",
					   mcp->revision, "capabilities", "tools", "serverInfo",
					   "name", "constable", "version", mcp->version)));
}

static void ping(struct mcp *mcp, json_t *id, const json_t *params UNUSED)
{
	mcp_say(mcp, jsonrpc_format_result(id, NULL));
}

static void list_tools(struct mcp *mcp, json_t *id, const json_t *params)
{
	json_t *tools;
	const json_t *tool;
	size_t i;

	/* The whole catalogue is one page, so no cursor was ever given. */
	if (json_object_get(params, "cursor")) {
		mcp_refuse(mcp, id, JSONRPC_INVALID_PARAMS, "no list has this cursor");
		return;
	}
	tools = json_array();
	json_array_foreach(mcp->catalogue, i, tool) json_push(tools, mcp_describe_tool(tool));
	mcp_say(mcp, jsonrpc_format_result(id, json_pack("{s:o}", "tools", tools)));
}

static const struct {
	const char *name;
	void (*handle)(struct mcp *mcp, json_t *id, const json_t *params);
	bool is_early; /* also before initialize */
} methods[] = {
	{ "initialize", initialize, true },
	{ "ping", ping, true },
	{ "tools/call", mcp_call_start, false },
	{ "tools/list", list_tools, false },
};

static void take_request(struct mcp *mcp, const struct jsonrpc_message *message)
{
	for (size_t i = 0; i < ARRAY_LEN(methods); i++) {
		if (strcmp(message->method, methods[i].name) != 0)
			continue;
		if (!mcp->revision && !methods[i].is_early)
			mcp_refuse(mcp, message->id, JSONRPC_INVALID_REQUEST,
				   "a session begins with initialize");
		else if (mcp_call_find(mcp, message->id))
			mcp_refuse(mcp, message->id, JSONRPC_INVALID_REQUEST,
				   "a request with this id is still open");
		else
			methods[i].handle(mcp, message->id, message->params);
		return;
	}
	mcp_refuse(mcp, message->id, JSONRPC_METHOD_NOT_FOUND, "there is no such method");
}

static void take_notification(struct mcp *mcp, const struct jsonrpc_message *message)
{
	struct mcp_call *call;

	if (strcmp(message->method, "notifications/cancelled") != 0)
		return;
	call = mcp_call_find(mcp, json_object_get(message->params, "requestId"));
	if (call)
		mcp_call_cancel(call);
}

void mcp_take(struct mcp *mcp, const char *text, size_t len)
{
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };

	if (jsonrpc_parse(text, len, MCP_MESSAGE_MAX_BYTES, &message, &err) < 0)
		mcp_refuse(mcp, message.id, (int)jsonrpc_code_of(&err), err.text);
	else if (message.kind == JSONRPC_REQUEST)
		take_request(mcp, &message);
	else if (message.kind == JSONRPC_NOTIFICATION)
		take_notification(mcp, &message);
}

void mcp_finish(struct mcp *mcp)
{
	while (mcp->calls)
		mcp_call_cancel(mcp->calls);
}
