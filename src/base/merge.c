#include "base/merge.h"

#include <stdlib.h>

/* jansson's iteration takes no const, but changes nothing. */
static json_t *loose(const json_t *json)
{
	return (json_t *)(uintptr_t)json;
}

static bool is_nothing(const json_t *value)
{
	return !value || json_is_null(value);
}

static void add_changed(json_t *patch, const char *name, const json_t *old, const json_t *new)
{
	json_t *inner;

	if (is_nothing(new)) {
		if (!is_nothing(old))
			json_put(patch, name, json_null());
		return;
	}
	if (!json_is_object(old) || !json_is_object(new)) {
		if (is_nothing(old) || !json_equal(old, new))
			json_put(patch, name, json_deep_copy(new));
		return;
	}
	inner = json_difference(old, new);
	if (json_object_size(inner))
		json_put(patch, name, inner);
	else
		json_decref(inner);
}

json_t *json_difference(const json_t *old, const json_t *new)
{
	json_t *patch = json_object();
	const char *name;
	json_t *value;

	json_object_foreach(loose(new), name, value)
		add_changed(patch, name, json_object_get(old, name), value);
	json_object_foreach(loose(old), name,
			    value) if (!json_object_get(new, name) && !json_is_null(value))
		json_put(patch, name, json_null());
	return patch;
}

static void merge_member(json_t *target, const char *name, const json_t *value)
{
	json_t *there = json_object_get(target, name);

	if (json_is_null(value)) {
		(void)json_object_del(target, name);
		return;
	}
	if (!json_is_object(value)) {
		json_put(target, name, json_deep_copy(value));
		return;
	}
	if (!json_is_object(there)) {
		json_put(target, name, json_object());
		there = json_object_get(target, name);
	}
	json_merge(there, value);
}

void json_merge(json_t *target, const json_t *patch)
{
	const char *name;
	json_t *value;

	json_object_foreach(loose(patch), name, value) merge_member(target, name, value);
}
