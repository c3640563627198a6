/* What a question names, as values for the templates of calls and sentences. */
#include <string.h>

#include "diagnosis/diagnosis_internal.h"

static void give_first(json_t *given, const char *name, const json_t *list)
{
	json_t *first = json_array_get(list, 0);

	if (first)
		json_put(given, name, json_incref(first));
}

/* "nginx" is nginx.service; "postgresql" is also postgresql@15-main.service. */
static bool names_unit(const char *word, const char *unit)
{
	size_t len = strlen(word);

	if (strncmp(word, unit, len) != 0)
		return false;
	return !unit[len] || strcmp(unit + len, ".service") == 0;
}

static const char *find_unit(const json_t *names, const json_t *units)
{
	const json_t *name, *unit;
	size_t i, j;

	json_array_foreach(names, i, name) json_array_foreach(units, j, unit)
	{
		const char *id = json_get_text(unit, "name", "");

		if (names_unit(json_string_value(name), id))
			return id;
	}
	return NULL;
}

json_t *subjects_given(const json_t *asked, const json_t *all)
{
	json_t *given = json_object();
	const json_t *names = json_object_get(asked, "names");
	const json_t *units = json_object_get(json_object_get(all, "list_services"), "units");
	const char *unit = find_unit(names, units);
	const json_t *name;
	size_t i;

	give_first(given, "asked_path", json_object_get(asked, "paths"));
	give_first(given, "asked_host", json_object_get(asked, "hosts"));
	give_first(given, "asked_port", json_object_get(asked, "ports"));
	json_put(given, "since_s", json_integer(json_get_int(asked, "since_s", 900)));
	json_array_foreach(names, i, name) if (!unit && strstr(json_string_value(name), ".service"))
		unit = json_string_value(name);
	if (unit)
		json_put(given, "asked_service", json_string(unit));
	return given;
}
