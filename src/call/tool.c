#include "call/tool.h"

#include <string.h>

const struct tool *tool_find(const struct tool *const *table, const char *name)
{
	for (; *table; table++)
		if (strcmp((*table)->info.name, name) == 0)
			return *table;
	return NULL;
}

void tool_unread(json_t *result, const char *what, int code)
{
	json_t *unread = json_object_get(result, "unread");

	if (!unread) {
		unread = json_array();
		json_put(result, "unread", unread);
	}
	json_push(unread, json_pack("{s:o, s:s}", "what", json_text(what, strlen(what)), "why",
				    strerrordesc_np(-code)));
}

const char *tool_risk_name(enum tool_risk risk)
{
	static const char *const names[] = { "reads", "traces", "changes" };

	return names[risk];
}
