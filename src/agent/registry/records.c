/* What the agent remembers of each program that came for the registry, or that may have. */
#include <string.h>

#include "agent/registry/registry_internal.h"
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
	const char *sha256 = json_get_text(wish, "sha256", "");
	const json_t *record = json_object_get(registry->records, registry->subject);
	bool is_known = records_has(json_object_get(record, "sha256s"), sha256);

	json_put(records_note(registry, sha256), "coming",
		 json_pack("{s:s, s:I, s:b}", "key", json_get_text(wish, "key", ""), "after",
			   (json_int_t)last_id(programs), "is_known", is_known));
	registry_save_records(registry);
	step_reached("registry-expected");
}

void records_refused(struct registry *registry)
{
	json_t *record = json_object_get(registry->records, registry->subject);
	const json_t *coming = json_object_get(record, "coming");
	json_t *list = json_object_get(record, "sha256s");

	if (!json_get_bool(coming, "is_known", true))
		(void)json_array_remove(list, json_array_size(list) - 1); /* it came last */
	(void)json_object_del(record, "coming");
	if (!json_array_size(list))
		(void)json_object_del(registry->records, registry->subject);
	registry_save_records(registry);
}

bool records_has_come(const json_t *record, const json_t *wish, const json_t *attached)
{
	const json_t *coming = json_object_get(record, "coming");

	return records_same(coming, wish, "key") && records_same(attached, wish, "sha256") &&
	       json_get_int(attached, "id", 0) > json_get_int(coming, "after", INT64_MAX);
}
