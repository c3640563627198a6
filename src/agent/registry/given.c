/* What a program was given, and what of it the registry wants otherwise by now. */
#include <string.h>

#include "agent/registry/registry_internal.h"
#include "call/hash.h"

static const char *const members[] = { "params", "lists" };

/* A record has no more of them than this. */
static json_t *hash_each(const json_t *values)
{
	json_t *hashes = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)values, name, value)
	{
		json_put(hashes, name, hash_json(value));
	}
	return hashes;
}

void given_note(json_t *record, const json_t *wish)
{
	json_t *rest = json_object_get(wish, "rest");

	(void)json_object_del(record, "unchangeable");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_put(record, members[i], hash_each(json_object_get(wish, members[i])));
	json_put(record, "rest", rest ? json_incref(rest) : json_null());
}

void given_note_refused(json_t *record, const json_t *wish)
{
	json_put(record, "unchangeable", json_string(json_get_text(wish, "key", "")));
}

/* Those that are new or other, into 'changes'. False where one is given no more: what it was
 * without is for who attaches it to know. */
static bool compare(const json_t *record, const json_t *wish, const char *member, json_t *changes)
{
	const json_t *before = json_object_get(record, member);
	json_t *wanted = json_object_get(wish, member), *changed = json_object(), *value;
	const char *name;

	json_object_foreach((json_t *)(uintptr_t)before, name, value)
	{
		if (!json_object_get(wanted, name))
			return json_decref(changed), false;
	}
	json_object_foreach(wanted, name, value)
	{
		CLEANUP(json) json_t *hash = hash_json(value);

		if (!json_equal(hash, json_object_get(before, name)))
			json_put(changed, name, json_incref(value));
	}
	if (json_object_size(changed))
		json_put(changes, member, json_incref(changed));
	json_decref(changed);
	return true;
}

json_t *given_changes(const json_t *record, const json_t *wish)
{
	CLEANUP(json) json_t *changes = json_object();

	if (!records_same(record, wish, "rest") ||
	    strcmp(json_get_text(record, "unchangeable", ""), json_get_text(wish, "key", "-")) == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (!compare(record, wish, members[i], changes))
			return NULL;
	if (!json_object_size(changes))
		return NULL;
	json_put(changes, "name", json_string(json_get_text(wish, "name", "")));
	return TAKE(changes);
}
