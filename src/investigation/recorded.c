#include "investigation/recorded.h"

#include <errno.h>
#include <string.h>

static int send_calls(struct witness *witness UNUSED, struct ledger *ledger UNUSED,
		      size_t first UNUSED, struct error *err UNUSED)
{
	return 0;
}

static void tell_nobody(struct witness *witness UNUSED, const char *type UNUSED, json_t *data)
{
	json_decref(data);
}

static bool contradicts(const json_t *recorded_args, const json_t *args)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)recorded_args, key,
			    value) if (!json_equal(value, json_object_get(args, key))) return true;
	return false;
}

static bool answers(const json_t *entry, const char *tool, const json_t *args,
		    enum recorded_match match)
{
	CLEANUP(json) json_t *none = json_object();
	const json_t *recorded_args = json_object_get(entry, "args");

	if (strcmp(json_get_text(entry, "tool", ""), tool) != 0)
		return false;
	return match == RECORDED_EXACT ? json_equal(recorded_args ? recorded_args : none, args)
				       : !contradicts(recorded_args, args);
}

static const json_t *find_entry(const json_t *evidence, const char *tool, const json_t *args,
				enum recorded_match match)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(evidence, i, entry)
	{
		if (answers(entry, tool, args, match))
			return entry;
	}
	return NULL;
}

const json_t *recorded_find(const json_t *evidence, const char *tool, const json_t *args,
			    enum recorded_match match)
{
	const json_t *entry = find_entry(evidence, tool, args, RECORDED_EXACT);

	return entry || match == RECORDED_EXACT ? entry : find_entry(evidence, tool, args, match);
}

static void fill(struct ledger *ledger, struct evidence *evidence, const json_t *entry)
{
	const json_t *bytes = json_object_get(entry, "bytes");
	const json_t *error = json_object_get(entry, "error");

	(void)snprintf(evidence->time, sizeof(evidence->time), "%s",
		       json_get_text(entry, "time", ""));
	if (json_is_object(error)) {
		ledger_fail(evidence, (int)json_get_int(error, "code", -EIO),
			    json_get_text(error, "text", "it failed"));
		text_format(evidence->outcome, sizeof(evidence->outcome), "%s",
			    json_get_text(error, "outcome", ""));
	} else if (json_is_string(bytes)) {
		struct str text = { json_string_value(bytes), json_string_length(bytes) };

		ledger_answer(ledger, evidence, text, json_get_text(entry, "sha256", NULL));
	} else if (json_is_object(json_object_get(entry, "result"))) {
		CLEANUP(text) char *text = json_canonical(json_object_get(entry, "result"));

		ledger_answer(ledger, evidence, (struct str) { text, strlen(text) }, NULL);
	} else {
		ledger_fail(evidence, -ENOENT, "nothing of this call was recorded");
	}
}

static int collect(struct witness *witness, struct ledger *ledger, size_t first,
		   struct error *err UNUSED)
{
	const struct recorded *recorded = container_of(witness, struct recorded, witness);

	for (size_t i = first; i < ledger->n; i++)
		fill(ledger, &ledger->items[i],
		     recorded_find(recorded->evidence, ledger->items[i].tool, ledger->items[i].args,
				   recorded->match));
	witness->is_over = recorded->is_cut && ledger->n >= json_array_size(recorded->evidence);
	return 0;
}

void recorded_init(struct recorded *recorded, const json_t *evidence, enum recorded_match match)
{
	*recorded = (struct recorded) {
		.witness = { .send = send_calls, .collect = collect, .tell = tell_nobody },
		.evidence = evidence,
		.match = match,
	};
}
