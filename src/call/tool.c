#include "call/tool.h"

#include <string.h>

const struct tool *tool_find(const struct tool *const *table, const char *name)
{
	for (; *table; table++)
		if (strcmp((*table)->info.name, name) == 0)
			return *table;
	return NULL;
}

static json_t *unread_list(json_t *result)
{
	json_t *unread = json_object_get(result, "unread");

	if (!unread) {
		unread = json_array();
		json_put(result, "unread", unread);
	}
	return unread;
}

void tool_unread(json_t *result, const char *what, int code)
{
	json_push(unread_list(result),
		  json_pack("{s:o, s:s}", "what", json_text(what, strlen(what)), "why",
			    strerrordesc_np(-code)));
}

void tool_unread_from(json_t *result, const json_t *answer)
{
	const json_t *said = json_object_get(answer, "unread");
	size_t i;
	json_t *entry;

	json_array_foreach(said, i, entry) json_push(unread_list(result), json_incref(entry));
}

const char *tool_risk_name(enum tool_risk risk)
{
	static const char *const names[] = { "reads", "traces", "changes" };

	return names[risk];
}
