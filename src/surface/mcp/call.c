/* tools/call: through the gate, once; a plan's calls one after the other. */
#include <stdlib.h>
#include <string.h>

#include "surface/mcp/mcp_internal.h"

static void end(struct mcp_call *call)
{
	struct mcp_call **at = &call->mcp->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->mcp->n_calls--;
	json_decref(call->id);
	json_decref(call->token);
	json_decref(call->plan);
	free(call);
}

struct mcp_call *mcp_call_find(struct mcp *mcp, const json_t *id)
{
	struct mcp_call *call = mcp->calls;

	while (call && !jsonrpc_same_id(call->id, id))
		call = call->next;
	return call;
}

void mcp_call_cancel(struct mcp_call *call)
{
	call->mcp->peer->cancel(call->mcp->peer->data, call->asked);
	end(call);
}

static void answer(struct mcp_call *call, json_t *result)
{
	mcp_say(call->mcp, jsonrpc_format_result(call->id, result));
	end(call);
}

static json_t *content(const char *text, size_t len)
{
	return json_pack("[{s:s, s:o}]", "type", "text", "text", json_text(text, len));
}

static void fail(struct mcp_call *call, const char *sentence)
{
	answer(call, json_pack("{s:o, s:b}", "content", content(sentence, strlen(sentence)),
			       "isError", true));
}

/* Structure came with 2025-06-18; the text is the same for those before. */
static void succeed(struct mcp_call *call, json_t *structure, const char *text, size_t len)
{
	json_t *result = json_pack("{s:o, s:b}", "content", content(text, len), "isError", false);

	if (strcmp(call->mcp->revision, "2025-06-18") >= 0)
		json_put(result, "structuredContent", json_incref(structure));
	answer(call, result);
}

static int ask(struct mcp_call *call, const char *tool, const json_t *args, struct error *err)
{
	const struct mcp_peer *peer = call->mcp->peer;
	CLEANUP(text) char *body = args ? json_canonical(args) : strdup("{}");
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:s}", "type", "call", "tool", tool);

	if (call->token)
		json_put(header, "progress", json_true());
	call->asked = peer->ask(peer->data, header, body, strlen(body), err);
	return call->asked < 0 ? (int)call->asked : 0;
}

static const json_t *planned(const struct mcp_call *call)
{
	return json_array_get(call->plan, call->at);
}

/* The next call of the plan; after the last, the answer. */
static void go_on(struct mcp_call *call)
{
	struct error err = { 0 };

	for (; call->at < json_array_size(call->plan); call->at++) {
		json_t *step = json_array_get(call->plan, call->at);

		if (ask(call, json_get_text(step, "tool", ""), json_object_get(step, "args"),
			&err) == 0)
			return;
		json_put(step, "result", json_null());
		json_put(step, "error", json_text(err.text, strlen(err.text)));
	}
	CLEANUP(json) json_t *structure = json_pack("{s:O}", "calls", call->plan);
	CLEANUP(text) char *text = json_canonical(structure);

	succeed(call, structure, text, strlen(text));
}

static void take_step(struct mcp_call *call, json_t *result, const char *sentence)
{
	json_t *step = json_array_get(call->plan, call->at);

	json_put(step, "result", result ? json_incref(result) : json_null());
	if (!result)
		json_put(step, "error", json_text(sentence, strlen(sentence)));
	call->at++;
	go_on(call);
}

static void take_answer(struct mcp_call *call, const struct frame *frame)
{
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };

	if (json_get_int(frame->header, "code", 0) < 0)
		error_set(&err, (int)json_get_int(frame->header, "code", 0), "%s",
			  json_get_text(frame->header, "error", "the call failed"));
	else
		result = json_parse(frame->body, frame->n_body, FRAME_BODY_MAX_BYTES, &err);
	if (call->plan) {
		take_step(call, result, err.text);
	} else if (result && json_get_bool(frame->header, "plan", false)) {
		call->plan = json_incref(result);
		go_on(call);
	} else if (result) {
		succeed(call, result, frame->body, frame->n_body);
	} else {
		fail(call, err.text);
	}
}

static void tell_progress(struct mcp_call *call, const json_t *header)
{
	const json_t *step = planned(call);
	const char *text = json_get_text(header, "text", "");
	json_t *params = json_pack("{s:O, s:I, s:o}", "progressToken", call->token, "progress",
				   ++call->n_progress, "message", json_text(text, strlen(text)));

	if (step)
		json_put(params, "total", json_integer((json_int_t)json_array_size(call->plan)));
	mcp_say(call->mcp, jsonrpc_format_notification("notifications/progress", params));
}

void mcp_take_frame(struct mcp *mcp, const struct frame *frame)
{
	json_int_t id = json_get_int(frame->header, "id", 0);
	struct mcp_call *call = mcp->calls;

	while (call && call->asked != id)
		call = call->next;
	if (!call)
		return;
	if (strcmp(json_get_text(frame->header, "type", ""), "progress") != 0)
		take_answer(call, frame);
	else if (call->token)
		tell_progress(call, frame->header);
}

static bool has_tool(const struct mcp *mcp, const char *name)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(mcp->catalogue, i, tool)
	{
		if (strcmp(json_get_text(tool, "name", ""), name) == 0)
			return true;
	}
	return false;
}

static const char *why_not(const struct mcp *mcp, const json_t *params)
{
	const json_t *args = json_object_get(params, "arguments");
	const json_t *token = json_object_get(json_object_get(params, "_meta"), "progressToken");

	if (!has_tool(mcp, json_get_text(params, "name", "")))
		return "no tool has this name; tools/list names them";
	if (args && !json_is_object(args))
		return "the arguments are an object";
	if (token && !json_is_string(token) && !json_is_integer(token))
		return "a progressToken is text or a whole number";
	return NULL;
}

void mcp_call_start(struct mcp *mcp, json_t *id, const json_t *params)
{
	const json_t *meta = json_object_get(params, "_meta");
	const char *refusal = why_not(mcp, params);
	struct error err = { 0 };
	struct mcp_call *call;

	if (refusal || mcp->n_calls >= MCP_MAX_CALLS) {
		mcp_refuse(mcp, id, refusal ? JSONRPC_INVALID_PARAMS : JSONRPC_INTERNAL_ERROR,
			   refusal ? refusal : "too many calls at once; wait for one of them");
		return;
	}
	call = calloc(1, sizeof(*call));
	if (!call)
		abort();
	*call = (struct mcp_call) { .next = mcp->calls,
				    .mcp = mcp,
				    .id = json_incref(id),
				    .token = json_incref(json_object_get(meta, "progressToken")) };
	mcp->calls = call;
	mcp->n_calls++;
	if (ask(call, json_get_text(params, "name", ""), json_object_get(params, "arguments"),
		&err) < 0)
		fail(call, err.text);
}
