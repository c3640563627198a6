#include "call/plan.h"

#include <string.h>

#include "base/json.h"

/* The argument that "{name}" stands for; the text itself if it is another; NULL if not given. */
static json_t *fill_text(json_t *value, const json_t *args)
{
	const char *text = json_string_value(value);
	size_t len = text ? strlen(text) : 0;

	if (len < 3 || text[0] != '{' || text[len - 1] != '}')
		return value;
	return json_object_getn(args, text + 1, len - 2);
}

static json_t *fill_step(const json_t *step, const json_t *args)
{
	json_t *filled = json_object();
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(step, "args"), key, value)
	{
		json_t *given = fill_text(value, args);

		if (given)
			json_put(filled, key, json_incref(given));
	}
	return json_pack("{s:s, s:o}", "tool", json_get_text(step, "tool", ""), "args", filled);
}

json_t *plan_fill(const char *plan, const json_t *args)
{
	CLEANUP(json) json_t *steps = json_loads(plan, JSON_REJECT_DUPLICATES, NULL);
	json_t *calls, *step;
	size_t i;

	if (!json_is_array(steps) || json_array_size(steps) > PLAN_MAX_CALLS)
		return NULL;
	calls = json_array();
	json_array_foreach(steps, i, step)
	{
		const char *condition = json_get_text(step, "if", NULL);

		if (!condition || json_object_get(args, condition))
			json_push(calls, fill_step(step, args));
	}
	return calls;
}
