#include "tools/web/conf_error.h"

#include <string.h>

/* A file that includes itself is read more than once, and wrong each time. */
static bool is_known(const json_t *errors, const json_t *error)
{
	const json_t *known;
	size_t i;

	json_array_foreach(errors, i, known) if (json_equal(known, error)) return true;
	return false;
}

void conf_error_add(json_t *errors, const char *file, unsigned line, const char *text)
{
	CLEANUP(json)
	json_t *error = json_pack("{s:o, s:i, s:o}", "file", json_text(file, strlen(file)), "line",
				  (int)line, "text", json_text(text, strlen(text)));

	if (json_array_size(errors) < CONF_MAX_ERRORS && !is_known(errors, error))
		json_push(errors, json_incref(error));
}
