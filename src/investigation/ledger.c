#include "investigation/ledger.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void ledger_drop_last(struct ledger *ledger)
{
	struct evidence *evidence = &ledger->items[--ledger->n];

	free(evidence->tool);
	free(evidence->bytes);
	free(evidence->wanted);
	json_decref(evidence->args);
	json_decref(evidence->result);
}

void ledger_finish(struct ledger *ledger)
{
	while (ledger->n)
		ledger_drop_last(ledger);
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
	(void)snprintf(evidence->id, sizeof(evidence->id), "e%zu", ++ledger->last % 1000000);
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

/* "e12" is 12; 0 for anything else. */
static size_t number_of(const char *id)
{
	uint64_t number;

	return *id++ == 'e' && scan_u64(&id, &number) && !*id && number < 1000000 ? (size_t)number
										  : 0;
}

bool ledger_restore(struct ledger *ledger, const json_t *item)
{
	const json_t *bytes = json_object_get(item, "bytes");
	json_t *args = json_object_get(item, "args");
	size_t number = number_of(json_get_text(item, "id", ""));
	struct evidence *evidence;

	if (!number || !json_is_string(bytes) || !json_is_object(args))
		return false;
	ledger->last = number - 1;
	evidence = ledger_add(ledger, json_get_text(item, "tool", ""), args);
	if (!evidence)
		return false;
	evidence->is_earlier = true;
	text_format(evidence->time, sizeof(evidence->time), "%s", json_get_text(item, "time", ""));
	evidence->elapsed_ms = json_get_number(item, "elapsed_ms", 0);
	ledger_answer(ledger, evidence,
		      (struct str) { json_string_value(bytes), json_string_length(bytes) },
		      json_get_text(item, "sha256", NULL));
	if (evidence->result)
		return true;
	ledger_drop_last(ledger);
	return false;
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
