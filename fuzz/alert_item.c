#include "alert_item.h"

#include <assert.h>
#include <string.h>

static void check_text(const json_t *item, const char *member, size_t min, size_t max)
{
	const char *text = json_get_text(item, member, NULL);

	assert(text && strlen(text) >= min && strlen(text) <= max);
}

static void check_map(const json_t *item, const char *member, size_t max_bytes)
{
	json_t *map = json_object_get(item, member), *value;
	const char *name;

	assert(json_is_object(map) && json_object_size(map) <= ALERT_MAX_LABELS);
	json_object_foreach(map, name, value)
		assert(json_is_string(value) && strlen(name) <= ALERT_NAME_BYTES &&
		       strlen(json_string_value(value)) <= max_bytes);
}

static void check_item(const json_t *item)
{
	static const char *const times[] = { "starts_at", "ends_at", "occurred_at" };
	const char *status = json_get_text(item, "status", "");

	assert(strcmp(status, "firing") == 0 || strcmp(status, "resolved") == 0 ||
	       strcmp(status, "noted") == 0);
	check_text(item, "fingerprint", 1, 128);
	check_text(item, "name", 1, ALERT_NAME_BYTES);
	check_text(item, "summary", 0, ALERT_TEXT_BYTES);
	check_text(item, "group", 1, 512);
	check_text(item, "severity", 4, 8);
	check_map(item, "labels", ALERT_VALUE_BYTES);
	check_map(item, "annotations", ALERT_TEXT_BYTES);
	check_map(item, "links", ALERT_TEXT_BYTES);
	assert(json_is_object(json_object_get(item, "details")));
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		assert(json_is_null(json_object_get(item, times[i])) ||
		       json_is_string(json_object_get(item, times[i])));
}

void alert_item_check(int r, struct alert_payload *payload, const struct error *err)
{
	const json_t *item;
	size_t i;

	if (r < 0) {
		assert(err->code < 0 && err->text[0] && !payload->alerts);
		return;
	}
	assert(json_array_size(payload->alerts) <= ALERT_MAX_ALERTS);
	json_array_foreach(payload->alerts, i, item) check_item(item);
	alert_payload_finish(payload);
}
