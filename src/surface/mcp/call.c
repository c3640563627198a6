/* A request that takes its time: from its start to its answer, with questions between. */
#include <stdlib.h>
#include <string.h>

#include "surface/mcp/mcp_internal.h"

static const struct {
	const char *method;
	enum mcp_kind kind;
	bool is_of_sessions; /* 2026-07-28 has it no more */
} kinds[] = {
	{ "tools/call", MCP_TOOL, false },
	{ "prompts/get", MCP_PROMPT, false },
	{ "resources/read", MCP_RESOURCE, false },
	{ "completion/complete", MCP_COMPLETION, false },
	{ "resources/subscribe", MCP_SUBSCRIBE, true },
	{ "resources/unsubscribe", MCP_UNSUBSCRIBE, true },
};

struct mcp_call *mcp_call_find(const struct mcp *mcp, const json_t *id)
{
	struct mcp_call *call = mcp->calls;

	while (call && !jsonrpc_same_id(call->request.id, id))
		call = call->next;
	return call;
}

struct mcp_call *mcp_call_new(const struct mcp_request *request)
{
	struct mcp_call *call = calloc(1, sizeof(*call));
	struct mcp *mcp = request->mcp;

	if (!call)
		abort();
	call->request = *request;
	json_incref(request->id);
	json_incref(request->params);
	call->token = json_incref(json_object_get(mcp_request_meta(request), "progressToken"));
	call->next = mcp->calls;
	mcp->calls = call;
	mcp->n_calls++;
	return call;
}

void mcp_call_end(struct mcp_call *call)
{
	struct mcp_call **at = &call->request.mcp->calls;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->request.mcp->n_calls--;
	json_decref(call->request.id);
	json_decref(call->request.params);
	json_decref(call->token);
	json_decref(call->asked);
	json_decref(call->answers);
	json_decref(call->granted);
	free(call->state);
	free(call);
}

void mcp_call_cancel(struct mcp_call *call)
{
	const struct mcp_offer *offer = call->request.mcp->offer;

	/* What waits for its client is not with the offer. */
	if (!call->asked && !call->granted)
		offer->cancel(call);
	if (call->task)
		mcp_task_cancelled(call);
	mcp_call_end(call);
}

static bool find_kind(const struct mcp *mcp, const char *method, size_t *at_out)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (strcmp(kinds[i].method, method) == 0) {
			*at_out = i;
			return mcp->offer->kinds & 1u << kinds[i].kind;
		}
	}
	return false;
}

bool mcp_call_takes(const struct mcp *mcp, const char *method)
{
	size_t at;

	return find_kind(mcp, method, &at);
}

/* Answers to what we asked are objects, each of them. */
static bool are_answers(const json_t *answers)
{
	const char *key;
	const json_t *answer;

	json_object_foreach((json_t *)(uintptr_t)answers, key, answer)
	{
		if (!json_is_object(answer))
			return false;
	}
	return !answers || json_is_object(answers);
}

static const char *why_not(const struct mcp_request *request, enum mcp_kind kind)
{
	const json_t *args = json_object_get(request->params, "arguments");
	const json_t *token = json_object_get(mcp_request_meta(request), "progressToken");

	if (kind == MCP_TOOL && !mcp_offer_find(request->mcp->offer->tools, "name",
						json_get_text(request->params, "name", "")))
		return "no tool has this name; tools/list names them";
	if (args && !json_is_object(args))
		return "the arguments are an object";
	if (token && !json_is_string(token) && !json_is_integer(token))
		return "a progressToken is text or a whole number";
	if (!are_answers(json_object_get(request->params, "inputResponses")))
		return "inputResponses are an object of objects";
	return NULL;
}

/* What a client of 2026-07-28 brings back. */
static bool take_back(struct mcp_call *call)
{
	const struct mcp_request *request = &call->request;
	const json_t *sealed = json_object_get(request->params, "requestState");

	if (!request->is_modern)
		return true;
	call->answers = json_incref(json_object_get(request->params, "inputResponses"));
	if (!sealed)
		return true;
	call->state = json_is_string(sealed)
			      ? mcp_state_open(request->mcp, request, json_string_value(sealed))
			      : NULL;
	return call->state;
}

bool mcp_call_start(const struct mcp_request *request, const char *method)
{
	const char *refusal;
	struct mcp_call *call;
	size_t at;

	if (!find_kind(request->mcp, method, &at) ||
	    (kinds[at].is_of_sessions && request->is_modern))
		return false;
	refusal = why_not(request, kinds[at].kind);
	if (refusal || request->mcp->n_calls >= MCP_MAX_CALLS) {
		mcp_refuse(request, refusal ? JSONRPC_INVALID_PARAMS : JSONRPC_INTERNAL_ERROR,
			   refusal ? refusal : "too many calls at once; wait for one of them");
		return true;
	}
	call = mcp_call_new(request);
	call->kind = kinds[at].kind;
	if (take_back(call))
		request->mcp->offer->start(call);
	else
		mcp_call_refuse(call, JSONRPC_INVALID_PARAMS,
				"this requestState is none of ours, of another call, or too old");
	return true;
}

const struct mcp_offer *mcp_call_offer(const struct mcp_call *call)
{
	return call->request.mcp->offer;
}

enum mcp_kind mcp_call_kind(const struct mcp_call *call)
{
	return call->kind;
}

const char *mcp_call_revision(const struct mcp_call *call)
{
	return call->request.revision;
}

json_t *mcp_call_params(const struct mcp_call *call)
{
	return call->request.params;
}

json_t *mcp_call_arguments(const struct mcp_call *call)
{
	return json_object_get(call->request.params, "arguments");
}

const json_t *mcp_call_answers(const struct mcp_call *call)
{
	return call->answers;
}

const char *mcp_call_state(const struct mcp_call *call)
{
	return call->state;
}

void mcp_call_set_data(struct mcp_call *call, void *data)
{
	call->data = data;
}

void *mcp_call_data(const struct mcp_call *call)
{
	return call->data;
}

bool mcp_call_wants_news(const struct mcp_call *call)
{
	return call->task || call->token || mcp_request_level(&call->request);
}

void mcp_call_progress(struct mcp_call *call, double progress, double total, const char *text)
{
	json_t *params;

	if (call->task)
		mcp_task_say(call, text);
	if (call->task || !call->token)
		return;
	call->progress = progress;
	params = json_pack("{s:O, s:o, s:o}", "progressToken", call->token, "progress",
			   json_real(progress), "message", json_text(text, strlen(text)));
	if (total > 0)
		json_put(params, "total", json_real(total));
	mcp_tell(&call->request, jsonrpc_format_notification("notifications/progress", params));
}

void mcp_call_log(struct mcp_call *call, const char *level, const char *logger, json_t *data)
{
	const char *wanted = mcp_request_level(&call->request);

	if (call->task || !wanted || mcp_level_rank(level) < mcp_level_rank(wanted)) {
		json_decref(data);
		return;
	}
	mcp_tell(&call->request,
		 jsonrpc_format_notification("notifications/message",
					     json_pack("{s:s, s:s, s:o}", "level", level, "logger",
						       logger, "data", data)));
}

void mcp_call_answer(struct mcp_call *call, json_t *result)
{
	if (call->kind == MCP_RESOURCE)
		mcp_add_freshness(&call->request, result, 0);
	if (call->task)
		mcp_task_complete(call, result);
	else
		mcp_reply(&call->request, result);
	mcp_call_end(call);
}

void mcp_call_refuse(struct mcp_call *call, int code, const char *sentence)
{
	if (call->task)
		mcp_task_fail(call, code, sentence);
	else
		mcp_refuse(&call->request, code, sentence);
	mcp_call_end(call);
}

void mcp_call_refuse_uri(struct mcp_call *call)
{
	const char *uri = json_get_text(call->request.params, "uri", "");

	mcp_refuse_with(
		&call->request,
		call->request.is_modern ? JSONRPC_INVALID_PARAMS : MCP_RESOURCE_NOT_FOUND, 0,
		"no resource has this uri; resources/list and resources/templates/list name "
		"them",
		json_pack("{s:s}", "uri", uri));
	mcp_call_end(call);
}
