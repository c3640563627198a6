#include "investigation/remedy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "call/schema.h"
#include "investigation/claim.h"
#include "tools/catalogue.h"

#define POINTER_BYTES 64
#define MAX_VERIFY 8

/* --- in the knowledge -------------------------------------------------------------------- */

/* A text with a place in it, whose value only evidence has. */
static bool is_template(const json_t *value)
{
	return json_is_string(value) && strchr(json_string_value(value), '{');
}

/* What is known before there is evidence: that the names are right, and the fixed values. */
static int check_args(const json_t *schema, const json_t *args, struct error *err)
{
	CLEANUP(json) json_t *known = json_deep_copy(schema);
	CLEANUP(json) json_t *fixed = args ? json_deep_copy(args) : json_object();
	json_t *properties = json_object_get(known, "properties"), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)args, name, value)
	{
		if (!is_template(value))
			continue;
		if (json_object_get(properties, name))
			json_put(properties, name, json_object());
		json_put(fixed, name, json_null());
	}
	return schema_check(known, fixed, err);
}

static int check_call(const json_t *remedy, const struct tool_info *tools, struct error *err)
{
	const json_t *call = json_object_get(remedy, "call");
	const char *name = json_get_text(call, "tool", "");
	const struct tool_info *info = catalogue_find(tools, name);
	CLEANUP(json) json_t *schema = info ? json_loads(info->schema, 0, NULL) : NULL;

	if (!info)
		return error_set(err, -EINVAL, "no tool is named '%s'", name);
	if (strcmp(tool_risk_name(info->risk), json_get_text(remedy, "risk", "")) != 0)
		return error_set(err, -EINVAL, "the risk of '%s' is %s", name,
				 tool_risk_name(info->risk));
	if (info->risk == TOOL_CHANGES && !json_object_get(remedy, "undo"))
		return error_set(err, -EINVAL, "'%s' changes the host: 'undo' is missing", name);
	return check_args(schema, json_object_get(call, "args"), err);
}

int remedies_check(const struct knowledge *knowledge, const struct tool_info *tools,
		   struct error *err)
{
	for (size_t c = 0; c < knowledge->n_causes; c++) {
		const struct cause *cause = &knowledge->causes[c];
		const json_t *remedy;
		size_t i;

		json_array_foreach(cause->remedies, i, remedy)
		{
			char pointer[POINTER_BYTES];
			struct error why = { 0 };

			if (!json_object_get(remedy, "call") ||
			    check_call(remedy, tools, &why) == 0)
				continue;
			(void)snprintf(pointer, sizeof(pointer), "/remedies/%zu/call", i);
			return yaml_error(&cause->file, err, pointer, "%s", why.text);
		}
	}
	return 0;
}

/* --- in a report ------------------------------------------------------------------------- */

/* NULL where a value is missing, or what evidence says does not fit. */
static json_t *fill_call(const struct investigation *investigation, const struct cause *cause,
			 const json_t *template)
{
	CLEANUP(json)
	json_t *args =
		diagnosis_fill(investigation->diagnosis, cause, json_object_get(template, "args"));
	const char *name = json_get_text(template, "tool", "");
	const struct tool_info *info =
		investigation->tools ? catalogue_find(investigation->tools, name) : NULL;
	CLEANUP(json) json_t *schema = info ? json_loads(info->schema, 0, NULL) : NULL;
	struct error ignored = { 0 };

	if (!args || !schema || schema_check(schema, args, &ignored) < 0)
		return NULL;
	return json_pack("{s:s, s:O}", "tool", name, "args", args);
}

static bool is_listed(const json_t *list, const json_t *call)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_equal(item, call))
			return true;
	}
	return false;
}

static void add_proof(const struct investigation *investigation, const struct cause *cause,
		      size_t finding, json_t *calls)
{
	const json_t *match;
	size_t i;

	if (diagnosis_finding(investigation->diagnosis, cause, finding) != FINDING_HOLDS)
		return;
	json_array_foreach(diagnosis_matches(investigation->diagnosis, cause, finding), i, match)
	{
		size_t fact = (size_t)json_get_int(match, "fact", 0);
		const struct evidence *evidence = &investigation->ledger.items[fact];
		CLEANUP(json)
		json_t *call =
			json_pack("{s:s, s:O}", "tool", evidence->tool, "args", evidence->args);

		if (!is_listed(calls, call) && json_array_size(calls) < MAX_VERIFY)
			json_push(calls, json_incref(call));
	}
}

static json_t *proof_of(const struct investigation *investigation, const struct cause *cause)
{
	json_t *calls = json_array();

	for (size_t i = 0; i < cause->n_needed; i++)
		add_proof(investigation, cause, cause->needed[i].finding, calls);
	return calls;
}

static void put_call(const struct investigation *investigation, const struct cause *cause,
		     const json_t *remedy, json_t *item)
{
	json_t *call = fill_call(investigation, cause, json_object_get(remedy, "call"));
	CLEANUP(text)
	char *undo = diagnosis_sentence(investigation->diagnosis, cause,
					json_get_text(remedy, "undo", ""));

	if (!call)
		return;
	json_put(item, "call", call);
	if (*undo)
		json_put(item, "undo", json_text(undo, strlen(undo)));
	json_put(item, "verify", proof_of(investigation, cause));
}

json_t *remedies_new(const struct investigation *investigation, const struct cause *cause)
{
	json_t *list = json_array();
	const json_t *remedy;
	size_t i;

	json_array_foreach(cause->remedies, i, remedy)
	{
		CLEANUP(text)
		char *statement = diagnosis_sentence(investigation->diagnosis, cause,
						     json_get_text(remedy, "statement", ""));
		json_t *item = json_pack("{s:o, s:s}", "statement",
					 json_text(statement, strlen(statement)), "risk",
					 json_get_text(remedy, "risk", "changes"));

		if (json_object_get(remedy, "call"))
			put_call(investigation, cause, remedy, item);
		json_push(list, item);
	}
	return list;
}
