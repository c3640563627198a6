#include "tools/catalogue.h"

#include <string.h>

const struct tool_info *catalogue_find(const struct tool_info *infos, const char *name)
{
	for (; infos->name; infos++)
		if (strcmp(infos->name, name) == 0)
			return infos;
	return NULL;
}

json_t *catalogue_json(const struct tool_info *infos)
{
	json_t *list = json_array();

	for (; infos->name; infos++)
		json_push(list, json_pack("{s:s, s:s, s:s*, s:o, s:s, s:i, s:i, s:i, s:o*}", "name",
					  infos->name, "summary", infos->summary, "area",
					  infos->area, "schema", json_loads(infos->schema, 0, NULL),
					  "risk", tool_risk_name(infos->risk), "needs",
					  (int)infos->needs, "timeout_ms", (int)infos->timeout_ms,
					  "target", (int)infos->target, "plan",
					  infos->plan ? json_loads(infos->plan, 0, NULL) : NULL));
	return list;
}
