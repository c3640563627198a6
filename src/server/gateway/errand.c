/* A call of a client's: which of the tools, resources and prompts it wants, and its end. */
#include <stdlib.h>
#include <string.h>

#include "net/jsonrpc.h"
#include "server/gateway/gateway_internal.h"
#include "surface/mcp/prompt.h"

static json_t *content(const char *text)
{
	return json_pack("[{s:s, s:o}]", "type", "text", "text", json_text(text, strlen(text)));
}

void errand_fail(struct mcp_call *call, const char *sentence)
{
	if (mcp_call_kind(call) == MCP_TOOL)
		mcp_call_answer(call, json_pack("{s:o, s:b}", "content", content(sentence),
						"isError", true));
	else
		mcp_call_refuse(call, JSONRPC_INTERNAL_ERROR, sentence);
}

/* Structure came with 2025-06-18; the text is the same for those before. */
void errand_answer(struct mcp_call *call, json_t *structure, enum errand_verdict verdict)
{
	CLEANUP(text) char *text = json_canonical(structure);
	json_t *result = json_pack("{s:o, s:b}", "content", content(text), "isError",
				   verdict == ERRAND_FAILED);

	if (strcmp(mcp_call_revision(call), "2025-06-18") >= 0)
		json_put(result, "structuredContent", structure);
	else
		json_decref(structure);
	mcp_call_answer(call, result);
}

bool errand_begin(struct gateway_errand *errand, struct gateway_client *client,
		  struct mcp_call *call, void (*cancel)(struct gateway_errand *errand))
{
	if (client->n_calls >= GATEWAY_MAX_CALLS) {
		errand_fail(call, "this key has too many calls at once; wait for one of them");
		return false;
	}
	client->n_calls++;
	*errand = (struct gateway_errand) { .client = client, .call = call, .cancel = cancel };
	mcp_call_set_data(call, errand);
	return true;
}

struct mcp_call *errand_end(struct gateway_errand *errand)
{
	errand->client->n_calls--;
	errand->client = NULL;
	return TAKE(errand->call);
}

static void handle_recorded(const struct store_result *result UNUSED, const struct error *err,
			    void *data)
{
	struct gateway_org *org = data;

	if (!err)
		audit_seal(org->gateway->api->store, org->org);
}

void errand_record(struct gateway_org *org, const struct caller *caller, const char *action,
		   const char *target)
{
	struct audit_record record;
	char actor[CERTIFICATE_ID_BYTES + 16];
	struct store_step step;

	text_format(actor, sizeof(actor), "%s/%s", caller->actor ? caller->actor : "key",
		    caller->id);
	step = audit_step(&record, &(struct audit_entry) { .org = org->org->id,
							   .actor = actor,
							   .action = action,
							   .target = target });
	(void)store_submit(
		org->gateway->api->store,
		&(struct store_batch) { .org = org->org->id, .steps = &step, .n_steps = 1 },
		handle_recorded, org);
}

static void start_tool(struct gateway_client *client, struct mcp_call *call)
{
	const char *name = json_get_text(mcp_call_params(call), "name", "");

	if (strcmp(name, "ask") == 0)
		ask_tool_start(client, call);
	else if (!own_tool_start(client, call, name))
		fan_start(client, call, mcp_offer_find(client->offer.tools, "name", name));
}

void errand_start(struct mcp_call *call)
{
	struct gateway_client *client = mcp_call_offer(call)->data;

	switch (mcp_call_kind(call)) {
	case MCP_TOOL:
		start_tool(client, call);
		break;
	case MCP_RESOURCE:
		own_resource_start(client, call);
		break;
	default:
		mcp_prompt_answer(call, json_object_get(client->org->lists, "texts"));
	}
}

void errand_cancel(struct mcp_call *call)
{
	struct gateway_errand *errand = mcp_call_data(call);

	(void)errand_end(errand);
	errand->cancel(errand);
}
