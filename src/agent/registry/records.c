/* What the agent remembers of each program that came for the registry, or that may have. */
#include <string.h>

#include "agent/registry/registry_internal.h"
#include "base/clock.h"
#include "base/step.h"

#define MAX_SHA256S 16 /* of a record; beyond, the oldest is forgotten */

bool records_same(const json_t *one, const json_t *other, const char *member)
{
	return strcmp(json_get_text(one, member, ""), json_get_text(other, member, "-")) == 0;
}

bool records_has(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

json_t *records_note(struct registry *registry, const char *sha256)
{
	json_t *record = json_object_get(registry->records, registry->subject), *list;

	if (!record) {
		record = json_object();
		json_put(registry->records, registry->subject, record);
	}
	list = json_object_get(record, "sha256s");
	if (!json_is_array(list)) {
		list = json_array();
		json_put(record, "sha256s", list);
	}
	if (!records_has(list, sha256))
		json_push(list, json_string(sha256));
	if (json_array_size(list) > MAX_SHA256S)
		(void)json_array_remove(list, 0);
	return record;
}

/* Ids only grow. */
static int64_t last_id(const json_t *programs)
{
	const json_t *program;
	int64_t last = 0, id;
	size_t i;

	json_array_foreach(programs, i, program)
	{
		id = json_get_int(program, "id", 0);
		last = id > last ? id : last;
	}
	return last;
}

void records_expect(struct registry *registry, const json_t *wish, const json_t *programs)
{
	json_put(registry->coming, registry->subject,
		 json_pack("{s:s, s:s, s:I, s:I}", "key", json_get_text(wish, "key", ""), "sha256",
			   json_get_text(wish, "sha256", ""), "after",
			   (json_int_t)last_id(programs), "at_s",
			   (json_int_t)(clock_wall_ns() / NS_PER_SEC)));
	registry_save_coming(registry);
	step_reached("registry-expected");
}

void records_no_longer_expect(struct registry *registry, const char *name)
{
	if (json_object_del(registry->coming, name) == 0)
		registry_save_coming(registry);
}

const json_t *records_find_come(const json_t *coming, const char *name, const json_t *programs)
{
	const json_t *program;
	size_t i;

	json_array_foreach(programs, i, program)
	{
		if (strcmp(json_get_text(program, "name", ""), name) == 0 &&
		    records_same(program, coming, "sha256") && json_object_get(program, "loaded") &&
		    json_get_int(program, "id", 0) > json_get_int(coming, "after", INT64_MAX))
			return program;
	}
	return NULL;
}
