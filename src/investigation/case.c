#include "investigation/case.h"

#include <errno.h>
#include <string.h>

#include "investigation/recorded.h"

/* NULL: nothing was said of it. */
static json_t *outcome_json(const struct evidence *evidence)
{
	return *evidence->outcome ? json_text(evidence->outcome, strlen(evidence->outcome)) : NULL;
}

static json_t *evidence_json(const struct evidence *evidence)
{
	json_t *item = json_pack("{s:s, s:s, s:O, s:s, s:f}", "id", evidence->id, "tool",
				 evidence->tool, "args", evidence->args, "time", evidence->time,
				 "elapsed_ms", evidence->elapsed_ms);

	if (evidence->is_earlier)
		json_put(item, "earlier", json_true());
	if (evidence->agent[0])
		json_put(item, "agent", json_string(evidence->agent));
	if (evidence->result) {
		json_put(item, "sha256", json_string(evidence->sha256));
		json_put(item, "bytes", json_text(evidence->bytes, evidence->n_bytes));
	} else {
		json_put(item, "error",
			 json_pack("{s:i, s:o, s:o*}", "code", evidence->why.code, "text",
				   json_text(evidence->why.text, strlen(evidence->why.text)),
				   "outcome", outcome_json(evidence)));
	}
	return item;
}

json_t *case_new(const struct investigation *investigation, json_t *report)
{
	json_t *list = json_array();
	json_t *tools = json_array();
	json_t *bundle;
	const char *name;
	json_t *unused;

	for (size_t i = 0; i < investigation->ledger.n; i++)
		json_push(list, evidence_json(&investigation->ledger.items[i]));
	json_object_foreach((json_t *)investigation->available, name, unused)
		json_push(tools, json_string(name));
	bundle = json_pack("{s:i, s:o, s:I, s:b, s:o, s:o, s:o, s:O}", "constable_case",
			   CASE_VERSION, "question",
			   json_text(investigation->question, strlen(investigation->question)),
			   "since_s", (json_int_t)investigation->since_s, "thorough",
			   investigation->diligence == DILIGENCE_THOROUGH, "host",
			   json_text(investigation->host, strlen(investigation->host)), "tools",
			   tools, "evidence", list, "report", report);
	if (investigation->chats)
		json_put(bundle, "chats", json_incref(investigation->chats));
	if (investigation->agents)
		json_put(bundle, "agents", json_incref(investigation->agents));
	if (investigation->witness->is_over)
		json_put(bundle, "cut", json_true());
	if (investigation->remedy)
		json_put(bundle, "remedy", json_incref((json_t *)(uintptr_t)investigation->remedy));
	if (investigation->waited_s)
		json_put(bundle, "waited_s", json_integer((json_int_t)investigation->waited_s));
	if (investigation->last_earlier)
		json_put(bundle, "last_earlier",
			 json_integer((json_int_t)investigation->last_earlier));
	return bundle;
}

static int check_evidence(const json_t *item, size_t number, struct error *err)
{
	const json_t *bytes = json_object_get(item, "bytes");
	char sha256[HASH_TEXT_BYTES];

	if (!json_is_string(json_object_get(item, "tool")) ||
	    !json_is_object(json_object_get(item, "args")))
		return error_set(err, -EBADMSG, "evidence %zu has no tool or no arguments", number);
	if (!bytes)
		return json_is_object(json_object_get(item, "error"))
			       ? 0
			       : error_set(err, -EBADMSG,
					   "evidence %zu has neither bytes nor error", number);
	if (!json_is_string(bytes))
		return error_set(err, -EBADMSG, "the bytes of evidence %zu are no text", number);
	hash_text(json_string_value(bytes), json_string_length(bytes), sha256);
	if (strcmp(sha256, json_get_text(item, "sha256", "")) != 0)
		return error_set(err, -EBADMSG, "evidence %s was altered: its SHA-256 is another",
				 json_get_text(item, "id", "?"));
	return 0;
}

int case_check(const json_t *bundle, struct error *err)
{
	const json_t *evidence = json_object_get(bundle, "evidence");
	const json_t *item;
	size_t i;

	if (json_get_int(bundle, "constable_case", 0) != CASE_VERSION)
		return error_set(err, -EBADMSG, "not a case of version %d", CASE_VERSION);
	if (!json_is_array(evidence) || !json_is_array(json_object_get(bundle, "tools")) ||
	    !json_is_string(json_object_get(bundle, "question")))
		return error_set(err, -EBADMSG,
				 "the case has no question, no tools or no evidence");
	json_array_foreach(evidence, i, item)
	{
		int r = check_evidence(item, i + 1, err);

		if (r < 0)
			return r;
	}
	return 0;
}

json_t *case_replay(const json_t *bundle, struct predicates *predicates,
		    const struct tool_info *tools, struct error *err)
{
	CLEANUP(json) json_t *available = json_object();
	CLEANUP(investigation)
	struct investigation investigation = {
		.question = json_get_text(bundle, "question", ""),
		.since_s = json_get_int(bundle, "since_s", 900),
		.diligence = json_get_bool(bundle, "thorough", false) ? DILIGENCE_THOROUGH
								      : DILIGENCE_FRUGAL,
		.host = json_get_text(bundle, "host", ""),
		.available = available,
		.predicates = predicates,
		.tools = tools,
		.remedy = json_object_get(bundle, "remedy"),
		.waited_s = json_get_int(bundle, "waited_s", 0),
	};
	struct recorded recorded;
	const json_t *tool;
	size_t i;

	investigation_restore(&investigation, json_object_get(bundle, "evidence"),
			      json_get_int(bundle, "last_earlier", 0));
	json_array_foreach(json_object_get(bundle, "tools"), i, tool) if (json_is_string(tool))
		json_put(available, json_string_value(tool), json_true());
	recorded_init(&recorded, json_object_get(bundle, "evidence"), RECORDED_EXACT);
	recorded.is_cut = json_get_bool(bundle, "cut", false);
	investigation.witness = &recorded.witness;
	return investigation_run(&investigation, err);
}
