#include "investigation/remedy_offer.h"

#include <string.h>

json_t *remedy_of(const json_t *report)
{
	const char *cause = json_get_text(report, "cause_id", NULL);
	const json_t *remedy;
	size_t i;

	if (strcmp(json_get_text(report, "verdict", ""), "cause-found") != 0 || !cause)
		return NULL;
	json_array_foreach(json_object_get(report, "remedies"), i, remedy)
	{
		const json_t *call = json_object_get(remedy, "call");

		if (json_is_object(json_object_get(call, "args")) &&
		    json_array_size(json_object_get(remedy, "verify")) &&
		    strcmp(json_get_text(remedy, "risk", ""), "changes") == 0)
			return json_pack("{s:s, s:s, s:s, s:O, s:O}", "cause_id", cause,
					 "statement", json_get_text(remedy, "statement", ""),
					 "undo", json_get_text(remedy, "undo", ""), "call", call,
					 "verify", json_object_get(remedy, "verify"));
	}
	return NULL;
}
