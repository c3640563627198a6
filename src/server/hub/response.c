/* Reading the response to tools/call: an outcome, or that there is none yet. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "identity/token.h"
#include "server/hub/flight_internal.h"

#define SENTENCE_MAX_BYTES 4096
#define META_MAX_BYTES (16 * KIB)

static const json_t *text_of(const json_t *result)
{
	const json_t *content = json_object_get(result, "content");

	return json_object_get(json_array_get(content, 0), "text");
}

/* The agent's word for it, and the column's. */
static const char *state_of(const char *word, int code)
{
	static const struct {
		const char *word, *state;
	} words[] = {
		{ "done", "done" },
		{ "failed", "failed" },
		{ "interrupted", "interrupted" },
		{ "denied", "denied" },
	};

	if (code == -ECANCELED)
		return "cancelled";
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i].word) == 0)
			return words[i].state;
	return NULL;
}

static json_t *meta_of(const json_t *meta)
{
	static const struct {
		const char *key, *kept_as;
	} members[] = {
		{ "constable/elapsed_ms", "elapsed_ms" },
		{ "constable/cpu_ms", "cpu_ms" },
		{ "constable/peak_memory_bytes", "peak_memory_bytes" },
		{ "constable/layers", "layers" },
	};
	json_t *out = json_object();

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *value = json_object_get(meta, members[i].key);

		if (value)
			json_object_set(out, members[i].kept_as, value);
	}
	return out;
}

static int read_result(struct response *response, const json_t *meta, struct error *err)
{
	const char *given = json_get_text(meta, "constable/sha256", "");
	char hash[TOKEN_HASH_BYTES];

	response->sha256 = given;
	if (strcmp(token_hash(response->text, strlen(response->text), hash), given) != 0)
		return error_set(err, -EBADMSG, "the result is not what its SHA-256 says");
	return 0;
}

static int read_failure(struct response *response, const json_t *meta, struct error *err)
{
	response->code = (int)json_get_int(meta, "constable/code", -EREMOTEIO);
	if (response->code >= 0 || response->code < -4095)
		response->code = -EREMOTEIO;
	if (strlen(response->text) > SENTENCE_MAX_BYTES)
		return error_set(err, -E2BIG, "a sentence of more than %d bytes",
				 SENTENCE_MAX_BYTES);
	return 0;
}

int response_read(const json_t *result, struct response *response_out, struct error *err)
{
	const json_t *meta = json_object_get(result, "_meta");
	const char *word = json_get_text(meta, "constable/outcome", "");
	CLEANUP(response) struct response response = { .text_json = text_of(result) };
	int r;

	response.text = json_string_value(response.text_json);
	if (!response.text)
		return error_set(err, -EBADMSG, "a response without text");
	if (json_get_bool(result, "isError", false))
		r = read_failure(&response, meta, err);
	else
		r = read_result(&response, meta, err);
	if (r < 0)
		return r;
	response.meta = meta_of(meta);
	if (strcmp(word, "approval") == 0)
		response.kind = RESPONSE_WAITS;
	else if (strcmp(word, "busy") == 0)
		response.kind = RESPONSE_BUSY;
	response.approval = json_object_get(meta, "constable/approval");
	if (response.kind == RESPONSE_WAITS && response.approval)
		json_object_set(response.meta, "approval", (json_t *)(uintptr_t)response.approval);
	response.state = state_of(word, response.code);
	if (response.kind == RESPONSE_OUTCOME &&
	    (!response.state || (response.code == 0) != (strcmp(word, "done") == 0)))
		return error_set(err, -EBADMSG, "a response with the outcome '%.32s'", word);
	response.meta_text = json_canonical(response.meta);
	if (strlen(response.meta_text) > META_MAX_BYTES)
		return error_set(err, -E2BIG, "_meta of %zu bytes", strlen(response.meta_text));
	*response_out = response;
	response.meta = NULL;
	response.meta_text = NULL;
	return 0;
}

void response_finish(struct response *response)
{
	json_decref(response->meta);
	free(response->meta_text);
	response->meta = NULL;
	response->meta_text = NULL;
}

void response_cleanup(struct response *response)
{
	response_finish(response);
}
