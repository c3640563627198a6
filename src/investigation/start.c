#include "investigation/start.h"

#include <string.h>

json_t *start_tools(const json_t *start)
{
	json_t *available = json_object();
	const json_t *tool;
	size_t i;

	json_array_foreach(json_object_get(start, "tools"), i,
			   tool) if (strcmp(json_get_text(tool, "risk", "changes"), "changes") != 0)
		json_put(available, json_get_text(tool, "name", "?"), json_true());
	return available;
}

void start_read(const json_t *start, struct investigation *investigation)
{
	investigation->question = json_get_text(start, "question", "");
	investigation->since_s = json_get_int(json_object_get(start, "window"), "since_s", 900);
	if (json_get_bool(json_object_get(start, "options"), "thorough", false))
		investigation->diligence = DILIGENCE_THOROUGH;
	investigation->host = json_get_text(start, "host", "localhost");
	investigation->remedy = json_object_get(start, "remedy");
	investigation->waited_s = json_get_int(json_object_get(start, "window"), "waited_s", 0);
	investigation_restore(investigation, json_object_get(start, "evidence"),
			      json_get_int(start, "last_earlier", 0));
}
