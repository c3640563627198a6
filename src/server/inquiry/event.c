/* Calls as clients are told of them: the documented members of tool_start and tool_end. */
#include <string.h>

#include "base/clock.h"
#include "call/hash.h"
#include "call/redact.h"
#include "server/inquiry/ask_internal.h"
#include "server/inquiry/remedy.h"

#define INPUT_TEXT_BYTES 200
#define OUTPUT_BYTES 2000
#define WHY_BYTES 1000
#define ARGUMENTS_BYTES (64 * KIB)

static json_t *cut(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len > max)
		for (len = max; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	return json_text(text, len);
}

/* Long texts are cut, as documented. */
static json_t *input_of(const json_t *args)
{
	json_t *input = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)args, key, value)
		json_put(input, key,
			 json_is_string(value) ? cut(json_string_value(value), INPUT_TEXT_BYTES)
					       : json_incref(value));
	return input;
}

/* "e12"; what belongs to no piece of evidence is named by its host. */
static void name_call(const struct leg *leg, uint64_t number, char name[INQUIRY_ID_BYTES])
{
	if (number)
		text_format(name, INQUIRY_ID_BYTES, "e%llu", (unsigned long long)number);
	else
		text_format(name, INQUIRY_ID_BYTES, "context-%u",
			    (unsigned)(leg - leg->run->legs) + 1);
}

void tell_call_started(struct leg *leg, uint64_t number, const char *tool, const json_t *args)
{
	static const struct {
		const char *arg, *member;
	} shown[] = {
		{ "path", "file_path" },
		{ "command", "command" },
		{ "pattern", "pattern" },
	};
	CLEANUP(json) json_t *redacted = json_deep_copy(args);
	char id[INQUIRY_ID_BYTES];
	json_t *data;

	/* A model may have read a secret that it says again here. */
	(void)redact_json(inquiries_redactor(leg->run->inquiries), redacted);
	name_call(leg, number, id);
	data = json_pack("{s:o, s:s, s:o, s:o}", "name", cut(tool, 64), "tool_use_id", id, "host",
			 json_text(leg->host, strlen(leg->host)), "input", input_of(redacted));
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const char *text = json_get_text(redacted, shown[i].arg, NULL);

		if (text)
			json_put(data, shown[i].member, cut(text, INPUT_TEXT_BYTES));
	}
	run_tell(leg->run, "tool_start", data);
}

void tell_call_ended(struct leg *leg, const struct evidence_row *row)
{
	char id[INQUIRY_ID_BYTES], summary[96];
	json_t *data;

	name_call(leg, row->number, id);
	data = json_pack("{s:o, s:b, s:s, s:o, s:f}", "name", cut(row->tool, 64), "success",
			 row->code == 0, "tool_use_id", id, "host",
			 json_text(leg->host, strlen(leg->host)), "elapsed_ms", row->elapsed_ms);
	if (row->code == 0) {
		text_format(summary, sizeof(summary), "%zu bytes", strlen(row->bytes));
		json_put(data, "summary", json_string(summary));
		json_put(data, "sha256", json_string(row->sha256 ? row->sha256 : ""));
		json_put(data, "output", cut(row->bytes, OUTPUT_BYTES));
	} else {
		json_put(data, "error", json_text(row->error, strlen(row->error)));
	}
	run_tell(leg->run, "tool_end", data);
}

/*
 * 'arguments' is their JSON in ASCII, so that nothing in it is invisible or reorders what is read;
 * who approves is shown the same bytes again by what he signs with.
 */
void tell_approval(struct leg *leg, const struct approval_words *words)
{
	CLEANUP(json) json_t *args = json_loads(words->args, 0, NULL);
	CLEANUP(text)
	char *ascii = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	char expires[CLOCK_TEXT_BYTES], sha256[HASH_TEXT_BYTES], command[128];
	json_t *data;

	hash_text(words->args, strlen(words->args), sha256);
	text_format(command, sizeof(command), "constable approval sign %s", words->call);
	data = json_pack("{s:s, s:o, s:s, s:o, s:s, s:s, s:o, s:s, s:o, s:s, s:s}", "request_id",
			 words->call, "tool", cut(words->tool, 64), "risk", words->risk, "input",
			 input_of(args), "agent", leg->agent, "args_sha256", sha256, "host",
			 json_text(leg->host, strlen(leg->host)), "expires",
			 clock_format(words->expires_ns, expires), "why",
			 cut(words->why, WHY_BYTES), "approve_with", command, "arguments",
			 ascii ? ascii : "{}");
	if (strlen(json_get_text(data, "arguments", "")) > ARGUMENTS_BYTES) {
		json_put(data, "arguments", cut(ascii, ARGUMENTS_BYTES));
		json_put(data, "arguments_cut", json_true());
	}
	if (run_is_remedy(leg->run)) /* no model wants it */
		json_put(data, "cause_id",
			 json_incref(json_object_get(json_object_get(leg->run->request, "remedy"),
						     "cause_id")));
	appeal_for_change(leg, words->call, words->expires_ns, data);
	run_tell(leg->run, "approval", data);
}

/* 'arguments' as in tell_approval(). No host checks a signature here: who approves needs his key.
 */
void tell_foreign_approval(struct ask *ask, uint64_t expires_ns)
{
	struct leg *leg = ask->leg;
	const struct foreign_tool *tool = ask->foreign;
	CLEANUP(json) json_t *args = json_loads(ask->args, 0, NULL);
	CLEANUP(text)
	char *ascii = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	char expires[CLOCK_TEXT_BYTES], sha256[HASH_TEXT_BYTES], command[128];
	json_t *data = json_pack(
		"{s:s, s:s, s:O, s:s, s:o, s:s, s:o, s:s, s:o, s:s, s:b}", "tool", ask->tool,
		"mcp_server", tool->server->server->name, "mcp_tool",
		json_object_get(tool->entry, "name"), "risk", ask->risk, "input", input_of(args),
		"args_sha256", hash_text(ask->args, strlen(ask->args), sha256), "host",
		json_text(leg->host, strlen(leg->host)), "expires",
		clock_format(expires_ns, expires), "why", cut(ask->why, WHY_BYTES), "arguments",
		ascii ? ascii : "{}", "was_allowed", tool->use != MCP_ASK);

	text_copy(ask->call, sizeof(ask->call), appeal_for_tool(leg, expires_ns, data));
	text_format(command, sizeof(command), "constable mcp-server approve %s", ask->call);
	json_put(data, "approve_with", json_string(command));
	run_tell(leg->run, "approval", data);
}
