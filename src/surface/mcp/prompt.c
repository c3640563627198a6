#include "surface/mcp/prompt.h"

#include "base/buf.h"
#include "net/jsonrpc.h"

void mcp_prompt_answer(struct mcp_call *call, const json_t *texts)
{
	const char *name = json_get_text(mcp_call_params(call), "name", "");
	const char *text = json_get_text(texts, name, NULL);
	const char *question = json_get_text(mcp_call_arguments(call), "question", "");
	CLEANUP(buf) struct buf whole = { 0 };

	if (!text) {
		mcp_call_refuse(call, JSONRPC_INVALID_PARAMS,
				"no prompt has this name; prompts/list names them");
		return;
	}
	buf_init(&whole, 4 * MIB);
	buf_add_text(&whole, text);
	if (*question)
		buf_add_format(&whole, "\n\nThe question: %s", question);
	mcp_call_answer(call, json_pack("{s:[{s:s, s:{s:s, s:o}}]}", "messages", "role", "user",
					"content", "type", "text", "text",
					json_text(whole.data, whole.len)));
}
