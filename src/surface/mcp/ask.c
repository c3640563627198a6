/* Questions to the client: of 2026-07-28 by the result of its request, to older ones as requests.
 */
#include <stdlib.h>
#include <string.h>

#include "surface/mcp/mcp_internal.h"

bool mcp_call_can_ask(const struct mcp_call *call, const char *capability)
{
	return json_is_object(
		json_object_get(mcp_request_capabilities(&call->request), capability));
}

void mcp_call_refuse_incapable(struct mcp_call *call, const char *capability)
{
	static const char sentence[] = "this needs what the client does not say it can do";

	if (call->task)
		mcp_task_fail(call, MCP_MISSING_CAPABILITY, sentence);
	else
		mcp_refuse_with(&call->request, MCP_MISSING_CAPABILITY, 400, sentence,
				json_pack("{s:{s:{}}}", "requiredCapabilities", capability));
	mcp_call_end(call);
}

void mcp_call_refuse_without_tasks(struct mcp_call *call)
{
	mcp_refuse_extension(&call->request, MCP_TASKS);
	mcp_call_end(call);
}

static void ask_by_result(struct mcp_call *call, json_t *requests, const char *state)
{
	json_t *result = json_pack("{s:s}", "resultType", "input_required");

	if (json_object_size(requests))
		json_put(result, "inputRequests", json_incref(requests));
	if (state) {
		CLEANUP(text)
		char *sealed = mcp_state_seal(call->request.mcp, &call->request, state);

		json_put(result, "requestState", json_string(sealed));
	}
	mcp_reply(&call->request, result);
	mcp_call_end(call);
}

static void ask_by_requests(struct mcp_call *call, const json_t *requests)
{
	struct mcp *mcp = call->request.mcp;
	const char *key;
	const json_t *request;
	json_t *asked = json_object();

	json_decref(call->answers);
	call->answers = json_object();
	call->asked = asked;
	json_object_foreach((json_t *)(uintptr_t)requests, key, request)
	{
		char text[32];
		CLEANUP(json) json_t *id = NULL;

		text_format(text, sizeof(text), "ask-%lld", (long long)++mcp->n_asked);
		id = json_string(text);
		json_put(asked, text, json_string(key));
		mcp_tell(&call->request,
			 jsonrpc_format_request(id, json_get_text(request, "method", ""),
						json_incref(json_object_get(request, "params"))));
	}
}

void mcp_call_ask(struct mcp_call *call, json_t *requests, const char *state)
{
	CLEANUP(json) json_t *owned = requests;

	call->data = NULL;
	if (call->task) {
		mcp_task_ask(call, TAKE(owned), state);
		return;
	}
	if (call->request.is_modern) {
		ask_by_result(call, owned, state);
		return;
	}
	free(call->state);
	call->state = state ? strdup(state) : NULL;
	ask_by_requests(call, owned);
}

static struct mcp_call *find_asker(const struct mcp *mcp, const char *id)
{
	struct mcp_call *call = mcp->calls;

	while (call && (call->task || !json_object_get(call->asked, id)))
		call = call->next;
	return call;
}

void mcp_call_take_answer(struct mcp *mcp, const struct jsonrpc_message *message)
{
	const char *id = json_string_value(message->id);
	struct mcp_call *call = id ? find_asker(mcp, id) : NULL;

	if (!call)
		return;
	/* One that it refuses to answer is one that nobody answered. */
	json_put(call->answers, json_get_text(call->asked, id, ""),
		 message->kind == JSONRPC_RESULT ? json_incref(message->result)
						 : json_pack("{s:s}", "action", "cancel"));
	(void)json_object_del(call->asked, id);
	if (json_object_size(call->asked))
		return;
	json_decref(call->asked);
	call->asked = NULL;
	mcp->offer->start(call);
}
