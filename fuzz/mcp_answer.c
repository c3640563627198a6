/*
 * What an MCP server answers, as JSON or as a stream: the same messages however it is cut, and of
 * the tools that a result lists none that could not be called.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "call/schema.h"
#include "mcp_client/answer.h"
#include "mcp_client/header.h"
#include "mcp_client/listing.h"
#include "server/inquiry/entered.h"
#include "server/inquiry/form.h"
#include "server/inquiry/offer.h"

#define BODY_MAX_BYTES (64 * KIB)

struct heard {
	struct mcp_answer answer;
	struct buf text;
};

static void ignore_header(const char *name, struct str value, void *data)
{
	CLEANUP(buf) struct buf text = { 0 };

	(void)data;
	assert(*name && strlen(name) < MCP_HEADER_NAME_BYTES);
	buf_init(&text, 256 * KIB);
	mcp_header_add(value, &text);
	for (size_t i = 0; i < text.len; i++)
		assert(text.data[i] >= ' ' && text.data[i] <= '~');
}

static void offer(const json_t *tool)
{
	CLEANUP(json) json_t *offered = offer_new("x", tool, "reads");
	const char *name = json_get_text(offered, "name", "");
	struct error err = { 0 };

	assert(offer_is_name(name) && strlen(name) < OFFER_NAME_BYTES);
	assert(schema_check_self(json_object_get(offered, "schema"), &err) == 0);
}

static void list(const json_t *result)
{
	CLEANUP(json) json_t *tools = json_array();
	CLEANUP(json) json_t *left_out = json_array();
	struct error err = { 0 };
	const json_t *tool;
	size_t i;

	(void)(mcp_listing_take(result, tools, left_out, &err) == 0);
	json_array_foreach(tools, i, tool)
	{
		assert(*json_get_text(tool, "name", "") &&
		       strlen(json_get_text(tool, "sha256", "")) == MCP_TOOL_HASH_BYTES - 1);
		offer(tool);
		mcp_header_each(json_object_get(tool, "schema"), result, ignore_header, NULL);
	}
}

/* The same question once more, by a server that knows what was entered. */
static void ask_again(const json_t *params, const json_t *form)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *entered = json_array();
	CLEANUP(json) json_t *said = NULL;
	CLEANUP(json) json_t *asked = NULL;

	entered_remember(entered, form, json_object_get(params, "content"));
	assert(json_array_size(entered) <= ENTERED_MAX);
	said = entered_redact(entered, params);
	asked = entered_form(entered, params, &err);
	assert(json_is_object(said) && !asked == (err.code < 0));
}

/* What it asks of a person: shown whole, and answered by what it says itself or not at all. */
static void ask(const json_t *params)
{
	struct error err = { 0 }, why = { 0 };
	CLEANUP(json) json_t *form = form_take(params, &err);
	CLEANUP(json) json_t *none = json_object();
	CLEANUP(text) char *text = form ? json_canonical(form) : NULL;

	assert(!form == (err.code < 0) && (!text || strlen(text) < 512 * KIB));
	if (!form)
		return;
	assert(*json_get_text(form, "message", "") && json_object_get(form, "mode"));
	(void)(form_check(form, none, &why) == 0);
	if (form_check(form, json_object_get(params, "content"), &why) == 0)
		ask_again(params, form);
}

static int hear(struct mcp_answer *answer, const struct jsonrpc_message *message, struct error *err)
{
	struct heard *heard = container_of(answer, struct heard, answer);
	CLEANUP(text) char *text = json_canonical(message->document);

	(void)err;
	buf_add_text(&heard->text, text);
	if (message->kind == JSONRPC_RESULT)
		list(message->result);
	else if (message->params)
		ask(message->params);
	return 0;
}

static void read_in_pieces(const char *type, const char *text, size_t len, size_t piece,
			   struct buf *out)
{
	struct heard heard = { 0 };
	struct error err = { 0 };
	int r = 0;

	mcp_answer_init(&heard.answer, type, BODY_MAX_BYTES, hear);
	buf_init(&heard.text, 4 * MIB);
	for (size_t at = 0; at < len && r == 0; at += piece)
		r = mcp_answer_feed(&heard.answer, text + at, len - at < piece ? len - at : piece,
				    &err);
	if (r == 0)
		r = mcp_answer_end(&heard.answer, &err);
	buf_add(out, buf_text(&heard.text), heard.text.len);
	buf_add_format(out, "%d", r);
	mcp_answer_finish(&heard.answer);
	buf_finish(&heard.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = { "application/json", "text/event-stream", "text/html",
					     "application/json; charset=utf-8" };
	CLEANUP(buf) struct buf whole = { 0 };
	CLEANUP(buf) struct buf cut = { 0 };
	const char *type;

	if (size < 2)
		return 0;
	type = types[data[0] % 4];
	buf_init(&whole, 4 * MIB);
	buf_init(&cut, 4 * MIB);
	read_in_pieces(type, (const char *)data + 2, size - 2, size, &whole);
	read_in_pieces(type, (const char *)data + 2, size - 2, data[1] % 16 + 1, &cut);
	assert(whole.len == cut.len && memcmp(whole.data, cut.data, whole.len) == 0);
	return 0;
}
