/* What comes of a call of a tool of others, as it is kept and as a model reads it. */
#include <stdlib.h>
#include <string.h>

#include "call/hash.h"
#include "call/redact.h"
#include "server/inquiry/entered.h"
#include "server/inquiry/foreign.h"
#include "server/inquiry/inquiries_internal.h"

/* Bytes that nobody reads: what they are stands for them. */
static json_t *without_bytes(const json_t *item, const char *key)
{
	json_t *kept = json_copy((json_t *)(uintptr_t)item);
	const char *bytes = json_get_text(item, key, "");
	char sha256[HASH_TEXT_BYTES];

	hash_text(bytes, strlen(bytes), sha256);
	json_put(kept, "sha256_of_base64", json_string(sha256));
	json_put(kept, "base64_bytes", json_integer((json_int_t)strlen(bytes)));
	(void)json_object_del(kept, key);
	return kept;
}

static json_t *content_of(const json_t *result)
{
	json_t *content = json_array();
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(result, "content"), i, item)
	{
		const json_t *resource = json_object_get(item, "resource");

		if (json_is_string(json_object_get(item, "data")))
			json_push(content, without_bytes(item, "data"));
		else if (json_is_string(json_object_get(resource, "blob")))
			json_push(content, without_bytes(resource, "blob"));
		else
			json_push(content, json_deep_copy(item));
	}
	return content;
}

char *foreign_evidence(const struct foreign_tool *tool, const json_t *result)
{
	const json_t *entered = tool->server->entered;
	CLEANUP(json) json_t *content = content_of(result);
	CLEANUP(json)
	json_t *evidence =
		json_pack("{s:s, s:O, s:b, s:o}", "mcp_server", tool->server->server->name, "tool",
			  json_object_get(tool->entry, "name"), "is_error",
			  json_get_bool(result, "isError", false), "content",
			  entered_redact(entered, content));
	const json_t *structured = json_object_get(result, "structuredContent");

	if (structured)
		json_put(evidence, "structured", entered_redact(entered, structured));
	(void)redact_json(inquiries_redactor(tool->server->run->inquiries), evidence);
	return json_canonical(evidence);
}

char *foreign_error(const struct foreign_tool *tool, const struct mcp_outcome *outcome)
{
	const json_t *entered = tool->server->entered;
	const char *text = outcome->err->text;
	char *kept;

	if (outcome->code && json_array_size(entered) && strlen(text) >= MCP_SAID_BYTES)
		text = "the MCP server answers with an error, which may repeat what a person "
		       "entered";
	kept = entered_redact_text(entered, text);
	if (!kept)
		kept = strdup(text);
	if (!kept)
		abort();
	return kept;
}
