#include "investigation/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void ledger_finish(struct ledger *ledger)
{
	for (size_t i = 0; i < ledger->n; i++) {
		struct evidence *evidence = &ledger->items[i];

		free(evidence->tool);
		free(evidence->bytes);
		json_decref(evidence->args);
		json_decref(evidence->result);
	}
	ledger->n = 0;
}

struct evidence *ledger_add(struct ledger *ledger, const char *tool, json_t *args)
{
	struct evidence *evidence;

	if (ledger->n == LEDGER_MAX_ITEMS)
		return NULL;
	evidence = &ledger->items[ledger->n++];
	*evidence = (struct evidence) { .tool = strdup(tool), .args = json_incref(args) };
	if (!evidence->tool)
		abort();
	(void)snprintf(evidence->id, sizeof(evidence->id), "e%zu", ledger->n % 100000);
	return evidence;
}

void ledger_fail(struct evidence *evidence, int code, const char *text)
{
	error_set(&evidence->why, code ? code : -EIO, "%s", text);
}

static int parse(struct ledger *ledger, struct evidence *evidence, struct str bytes,
		 const char *sha256, struct error *err)
{
	CLEANUP(json) json_t *result = NULL;

	if (bytes.len > LEDGER_ITEM_MAX_BYTES || ledger->n_bytes + bytes.len > LEDGER_MAX_BYTES)
		return error_set(err, -E2BIG, "a result of %zu bytes does not fit the ledger",
				 bytes.len);
	hash_text(bytes.data, bytes.len, evidence->sha256);
	if (sha256 && *sha256 && strcmp(sha256, evidence->sha256) != 0)
		return error_set(err, -EBADMSG, "the result is not the one that was hashed");
	result = json_parse(bytes.data, bytes.len, LEDGER_ITEM_MAX_BYTES, err);
	if (!result)
		return err->code;
	if (!json_is_object(result))
		return error_set(err, -EBADMSG, "the result is not a JSON object");
	evidence->result = TAKE(result);
	return 0;
}

void ledger_answer(struct ledger *ledger, struct evidence *evidence, struct str bytes,
		   const char *sha256)
{
	if (parse(ledger, evidence, bytes, sha256, &evidence->why) < 0)
		return;
	evidence->bytes = strndup(bytes.data, bytes.len);
	if (!evidence->bytes)
		abort();
	evidence->n_bytes = bytes.len;
	ledger->n_bytes += bytes.len;
}

bool evidence_has_quote(const struct evidence *evidence, const char *quote)
{
	return evidence->bytes && *quote &&
	       memmem(evidence->bytes, evidence->n_bytes, quote, strlen(quote));
}

const json_t *evidence_value(const struct evidence *evidence, const json_t *path)
{
	const json_t *value = evidence->result;
	const json_t *step;
	size_t i;

	json_array_foreach(path, i, step)
	{
		if (json_is_string(step))
			value = json_object_get(value, json_string_value(step));
		else if (json_is_integer(step) && json_integer_value(step) >= 0)
			value = json_array_get(value, (size_t)json_integer_value(step));
		else
			value = NULL;
	}
	return value;
}
