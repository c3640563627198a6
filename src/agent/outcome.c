#include "agent/outcome.h"

#include <errno.h>
#include <string.h>

#include "identity/token.h"

static int code_of(const struct frame *answer)
{
	return (int)json_get_int(answer->header, "code", 0);
}

static const char *already(const struct frame *answer)
{
	return json_get_text(answer->header, "already", "");
}

enum outcome_kind outcome_kind_of(const struct frame *answer)
{
	const char *outcome = json_get_text(answer->header, "outcome", "");

	if (strcmp(already(answer), "started") == 0 ||
	    (code_of(answer) == -EALREADY && strcmp(already(answer), "forgotten") != 0 &&
	     !*outcome))
		return OUTCOME_RUNS;
	if (strcmp(already(answer), "finished") == 0)
		return OUTCOME_KEPT;
	if (!*outcome || strcmp(outcome, "denied") == 0)
		return OUTCOME_UNKEPT;
	return OUTCOME_KEPT;
}

bool outcome_is_done(const struct frame *answer)
{
	return code_of(answer) == 0;
}

bool outcome_is_plan(const struct frame *answer)
{
	return code_of(answer) == 0 && json_get_bool(answer->header, "plan", false);
}

/* The word of the link for it. */
static const char *word_of(const struct frame *answer)
{
	const char *outcome = json_get_text(answer->header, "outcome", "");
	bool refused = !*outcome || strcmp(outcome, "denied") == 0;
	int code = code_of(answer);

	if (code == 0)
		return "done";
	if (strcmp(already(answer), "forgotten") == 0 || code == -EALREADY)
		return "interrupted";
	if (refused && code == -EBUSY)
		return "busy";
	if (refused && json_object_get(answer->header, "approval"))
		return "approval";
	return *outcome ? outcome : "failed";
}

static json_t *make(const char *text, size_t len, const char *word, json_t *meta)
{
	json_put(meta, "constable/outcome", json_string(word));
	return json_pack("{s:[{s:s, s:o}], s:b, s:o}", "content", "type", "text", "text",
			 json_text(text, len), "isError", strcmp(word, "done") != 0, "_meta", meta);
}

json_t *outcome_response(const struct frame *answer)
{
	static const char *const passed[] = { "sha256", "elapsed_ms", "cpu_ms", "peak_memory_bytes",
					      "layers", "approval" };
	const char *sentence = json_get_text(answer->header, "error", "the call failed");
	json_t *meta = json_object();
	char key[64];

	for (size_t i = 0; i < ARRAY_LEN(passed); i++) {
		json_t *value = json_object_get(answer->header, passed[i]);

		if (!value)
			continue;
		text_format(key, sizeof(key), "constable/%s", passed[i]);
		json_object_set(meta, key, value);
	}
	if (code_of(answer) == 0)
		return make(answer->body, answer->n_body, "done", meta);
	json_put(meta, "constable/code", json_integer(code_of(answer)));
	return make(sentence, strlen(sentence), word_of(answer), meta);
}

json_t *outcome_done(const char *text)
{
	char hash[TOKEN_HASH_BYTES];
	size_t len = strlen(text);

	return make(text, len, "done",
		    json_pack("{s:s}", "constable/sha256", token_hash(text, len, hash)));
}

json_t *outcome_failed(int code, const char *word, const char *sentence)
{
	return make(sentence, strlen(sentence), word, json_pack("{s:i}", "constable/code", code));
}

json_t *outcome_busy(const char *why)
{
	return outcome_failed(-EBUSY, "busy", why);
}
