#include "investigation/loop_tools.h"

#include <stdlib.h>
#include <string.h>

#include "investigation/digest.h"
#include "investigation/loop_internal.h"
#include "investigation/proof.h"

#define MAX_REJECTED 2
#define AROUND_BYTES 400
#define MAX_PLACES 6

static void find_tools(struct loop *loop, struct loop_call *call)
{
	CLEANUP(json) json_t *found = toolbox_find(loop, json_get_text(call->args, "query", ""));
	CLEANUP(text) char *text = json_canonical(found);

	loop_answer(loop, call,
		    json_object_size(found) ? text : "No tool matches; try other words.");
}

const struct loop_tool loop_find_tools = {
	.name = "find_tools",
	.summary = "Finds tools by words and makes them callable; not all are shown at once.",
	.schema = "{\"type\":\"object\",\"properties\":{\"query\":{\"type\":\"string\","
		  "\"minLength\":1,\"maxLength\":200}},\"required\":[\"query\"],"
		  "\"additionalProperties\":false}",
	.start = find_tools,
};

static const struct evidence *find_evidence(const struct loop *loop, const char *id)
{
	const struct ledger *ledger = &loop->crew->investigation->ledger;

	for (size_t i = 0; i < ledger->n; i++)
		if (strcmp(ledger->items[i].id, id) == 0 && ledger->items[i].result)
			return &ledger->items[i];
	return NULL;
}

/* "a.b.0.c" */
static const json_t *value_at(const json_t *value, const char *path)
{
	while (value && *path) {
		char step[128];
		size_t n = strcspn(path, ".");

		str_copy((struct str) { path, n }, step, sizeof(step));
		value = json_is_array(value)
				? json_array_get(value, (size_t)strtoul(step, NULL, 10))
				: json_object_get(value, step);
		path += n + (path[n] == '.');
	}
	return value;
}

static size_t whole_start(const char *text, size_t at)
{
	while (at && ((unsigned char)text[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* The places where words stand, each with what is around it. */
static void put_places(const struct evidence *evidence, const char *words, size_t max_bytes,
		       struct buf *out)
{
	size_t n_words = strlen(words), at = 0;
	const char *found;

	for (size_t i = 0; i < MAX_PLACES && out->len < max_bytes; i++) {
		size_t place, begin, end;

		found = memmem(evidence->bytes + at, evidence->n_bytes - at, words, n_words);
		if (!found)
			break;
		place = (size_t)(found - evidence->bytes);
		begin = whole_start(evidence->bytes,
				    place > AROUND_BYTES / 2 ? place - AROUND_BYTES / 2 : 0);
		end = place + n_words + AROUND_BYTES / 2;
		end = end < evidence->n_bytes ? whole_start(evidence->bytes, end)
					      : evidence->n_bytes;
		if (i)
			buf_add_text(out, "\n...\n");
		buf_add(out, evidence->bytes + begin, end - begin);
		at = end;
	}
}

static void put_part(const struct evidence *evidence, const json_t *args, size_t max_bytes,
		     struct buf *out)
{
	const char *words = json_get_text(args, "find", "");
	const json_t *value = value_at(evidence->result, json_get_text(args, "path", ""));

	if (*words)
		put_places(evidence, words, max_bytes, out);
	else if (value)
		digest_value(value, max_bytes, out);
}

static void read_evidence(struct loop *loop, struct loop_call *call)
{
	const char *id = json_get_text(call->args, "id", "");
	const struct evidence *evidence = find_evidence(loop, id);
	size_t room = 2 * loop_result_bytes(loop);
	CLEANUP(buf) struct buf part = { 0 };
	CLEANUP(buf) struct buf text = { 0 };
	char label[128];

	if (!evidence) {
		loop_refuse(loop, call, "There is no evidence '%.32s'.", id);
		return;
	}
	buf_init(&part, room + AROUND_BYTES + KIB);
	buf_init(&text, 6 * room + 4 * KIB);
	put_part(evidence, call->args, room, &part);
	if (!part.len) {
		loop_refuse(loop, call, "That does not stand in %s.", id);
		return;
	}
	text_format(label, sizeof(label), "id=%s tool=%s part of it", evidence->id, evidence->tool);
	fence_put(&loop->crew->fence, label, (struct str) { buf_text(&part), part.len }, &text);
	text_format(label, sizeof(label), "%s was read again", evidence->id);
	call->summary = strdup(label);
	loop_answer(loop, call, buf_text(&text));
}

const struct loop_tool loop_read_evidence = {
	.name = "read_evidence",
	.summary = "More of one piece of evidence: 'find' shows where words stand in it, 'path' "
		   "(like entries.0.message) shows one value.",
	.schema = "{\"type\":\"object\",\"properties\":{\"id\":{\"type\":\"string\"},"
		  "\"find\":{\"type\":\"string\",\"maxLength\":200},"
		  "\"path\":{\"type\":\"string\",\"maxLength\":200}},\"required\":[\"id\"],"
		  "\"additionalProperties\":false}",
	.start = read_evidence,
};

static void ask_person(struct loop *loop, struct loop_call *call)
{
	struct crew *crew = loop->crew;
	struct error err = { 0 };

	call->asked = ++crew->last_id;
	call->due_ns = clock_monotonic_ns() + crew->budget.person_ns;
	if (crew->line->ask(crew->line, call->asked, call->args, &err) < 0)
		loop_refuse(loop, call, "Nobody can be asked: %s", err.text);
}

const struct loop_tool loop_ask_person = {
	.name = "ask_person",
	.summary = "Asks the person who wanted this investigation something only people know; "
		   "it takes minutes, so ask rarely.",
	.schema = "{\"type\":\"object\",\"properties\":{\"question\":{\"type\":\"string\","
		  "\"minLength\":1,\"maxLength\":1000},\"choices\":{\"type\":\"array\","
		  "\"items\":{\"type\":\"string\",\"maxLength\":100}}},"
		  "\"required\":[\"question\"],\"additionalProperties\":false}",
	.start = ask_person,
};

/* What is wrong with the quotes, a line each; empty if all stand. */
static void put_faults(const struct loop *loop, const json_t *claims, struct buf *out)
{
	const json_t *claim;
	size_t i;

	json_array_foreach(claims, i, claim)
	{
		const char *fault = proof_fault(&loop->crew->investigation->ledger, claim);

		if (fault)
			buf_add_format(out, "claim %zu (%.16s): %s\n", i + 1,
				       json_get_text(claim, "evidence", ""), fault);
	}
}

static void submit_report(struct loop *loop, struct loop_call *call)
{
	CLEANUP(buf) struct buf faults = { 0 };

	buf_init(&faults, 800);
	put_faults(loop, json_object_get(call->args, "claims"), &faults);
	if (faults.len && !loop->is_last_round && loop->n_rejected++ < MAX_REJECTED)
		loop_refuse(loop, call,
			    "Not accepted yet: quotes must be copied byte for byte.\n%s",
			    buf_text(&faults));
	else
		loop_submit(loop, json_incref(call->args));
}

#define CLAIM                                                                        \
	"{\"type\":\"object\",\"properties\":{\"says\":{\"type\":\"string\"},"       \
	"\"evidence\":{\"type\":\"string\",\"description\":\"its id, like e3\"},"    \
	"\"quote\":{\"type\":\"string\",\"description\":\"copied byte for byte\"}}," \
	"\"required\":[\"says\",\"evidence\",\"quote\"]}"

const struct loop_tool loop_submit_report = {
	.name = "submit_report",
	.summary = "Ends the investigation with its report.",
	.schema = "{\"type\":\"object\",\"properties\":{"
		  "\"verdict\":{\"enum\":[\"cause-found\",\"inconclusive\",\"healthy\"]},"
		  "\"root_cause\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":2000,"
		  "\"description\":\"one sentence\"},"
		  "\"cause_id\":{\"type\":[\"string\",\"null\"],\"description\":\"the engine's id "
		  "of it, if it has one\"},"
		  "\"confidence\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1},"
		  "\"claims\":{\"type\":\"array\",\"items\":" CLAIM "},"
		  "\"alternatives\":{\"type\":\"array\",\"items\":{\"type\":\"object\","
		  "\"properties\":{\"statement\":{\"type\":\"string\"},\"probability\":"
		  "{\"type\":\"number\"},\"against\":{\"type\":\"array\",\"items\":" CLAIM "}},"
		  "\"required\":[\"statement\"]}},"
		  "\"remedies\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":"
		  "{\"statement\":{\"type\":\"string\"},\"tool\":{\"type\":\"string\"},"
		  "\"args\":{\"type\":\"object\"}},\"required\":[\"statement\"]}},"
		  "\"unknowns\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},"
		  "\"required\":[\"verdict\",\"root_cause\",\"confidence\",\"claims\"]}",
	.start = submit_report,
};
