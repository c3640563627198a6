/* Any JSON, by the mapping of its integration. */
#include "server/alert/payload_internal.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "server/alert/mapping.h"

/* One alert, and the document that it stands in. */
struct place {
	const json_t *mapping, *alert, *document;
};

static json_t *find(const struct place *place, const char *pointer)
{
	json_t *found = mapping_find(place->alert, pointer);

	return found || !*pointer ? found : mapping_find(place->document, pointer);
}

static json_t *find_member(const struct place *place, const char *member)
{
	char otherwise[32];

	return find(place, mapping_pointer(place->mapping, member, otherwise));
}

/* Numbers and flags as text as well: {"status": 0}, {"id": 17}. */
static void put_text(json_t *item, const char *member, const json_t *value, size_t max_bytes)
{
	CLEANUP(text) char *text = NULL;

	if (!value || json_is_null(value))
		return;
	if (!json_is_string(value))
		text = json_canonical(value);
	item_put_text(item, member, text ? text : json_string_value(value), max_bytes);
}

static bool is_resolved(const struct place *place, const json_t *value)
{
	static const char *const usual[] = { "resolved",  "ok",       "closed", "normal",
					     "recovered", "recovery", "up",     "inactive",
					     "cleared",   "false",    "success" };
	const json_t *words = json_object_get(place->mapping, "resolved");
	CLEANUP(text) char *canonical = NULL;
	const char *status = json_string_value(value);

	if (!value)
		return false;
	if (!status)
		status = canonical = json_canonical(value);
	for (size_t i = 0; i < json_array_size(words); i++)
		if (strcasecmp(status, json_string_value(json_array_get(words, i))) == 0)
			return true;
	for (size_t i = 0; !words && i < ARRAY_LEN(usual); i++)
		if (strcasecmp(status, usual[i]) == 0)
			return true;
	return false;
}

static void put_map(json_t *item, const struct place *place, const char *member, size_t max_bytes)
{
	const json_t *how = json_object_get(place->mapping, member);
	const char *name;
	json_t *pointer, *picked;

	if (!json_is_object(how)) {
		item_put_map(item, member, find_member(place, member), max_bytes);
		return;
	}
	picked = json_object();
	json_object_foreach((json_t *)how, name, pointer)
	{
		json_t *value = find(place, json_string_value(pointer));

		if (value)
			json_put(picked, name, json_incref(value));
	}
	item_put_map(item, member, picked, max_bytes);
	json_decref(picked);
}

static void put_severity(json_t *item, const struct place *place)
{
	const char *severity;

	put_text(item, "severity", find_member(place, "severity"), ALERT_NAME_BYTES);
	severity = item_severity(json_get_text(item, "severity", ""));
	json_put(item, "severity", json_string(severity));
}

static void put_group(json_t *item, const struct place *place)
{
	const char *group;

	put_text(item, "group", find_member(place, "group"), ALERT_TEXT_BYTES);
	group = json_get_text(item, "group", "");
	if (*group)
		json_put(item, "group", json_pack("s+", "group:", group));
}

static int read_alert(json_t *item, const struct place *place, struct error *err)
{
	bool resolved = is_resolved(place, find_member(place, "status"));
	char otherwise[32];
	int r;

	put_text(item, "name", find_member(place, "name"), ALERT_NAME_BYTES);
	if (!*json_get_text(item, "name", ""))
		return error_set(err, -EBADMSG, "there is no name of the alert at '%.200s'",
				 mapping_pointer(place->mapping, "name", otherwise));
	json_put(item, "status", json_string(resolved ? "resolved" : "firing"));
	put_text(item, "fingerprint", find_member(place, "fingerprint"), ALERT_TEXT_BYTES);
	put_text(item, "summary", find_member(place, "summary"), ALERT_TEXT_BYTES);
	put_severity(item, place);
	put_group(item, place);
	put_map(item, place, "labels", ALERT_VALUE_BYTES);
	put_map(item, place, "annotations", ALERT_TEXT_BYTES);
	item_put_link(item, "source", json_string_value(find_member(place, "url")));
	r = item_put_time(item, "starts_at", find_member(place, "starts_at"), err);
	if (r == 0 && resolved)
		r = item_put_time(item, "ends_at", find_member(place, "ends_at"), err);
	return r;
}

static int add_alert(const struct alert_source *source, const struct place *place,
		     struct alert_payload *payload, struct error *err)
{
	json_t *item;
	int r;

	if (!json_is_object(place->alert))
		return error_set(err, -EBADMSG, "alert %zu is no object",
				 json_array_size(payload->alerts));
	item = item_new(source);
	r = read_alert(item, place, err);
	if (r < 0)
		json_decref(item);
	else
		json_push(payload->alerts, item);
	return r;
}

static void read_delivery(const struct place *place, struct alert_payload *payload)
{
	const json_t *pointer = json_object_get(place->mapping, "delivery");
	const char *id = json_string_value(
		pointer ? mapping_find(place->document, json_string_value(pointer)) : NULL);

	if (id && strlen(id) < sizeof(payload->delivery))
		text_format(payload->delivery, sizeof(payload->delivery), "%s", id);
}

int payload_read_generic(const struct alert_source *source, const json_t *root,
			 struct alert_payload *payload, struct error *err)
{
	struct place place = { .mapping = json_object_get(source->settings, "mapping"),
			       .alert = root,
			       .document = root };
	const json_t *asked = json_object_get(place.mapping, "alerts");
	const json_t *list = mapping_find(root, asked ? json_string_value(asked) : "/alerts");
	size_t i;
	int r = 0;

	read_delivery(&place, payload);
	if (!asked && json_is_array(root))
		list = root;
	if (asked && !json_is_array(list))
		return error_set(err, -EBADMSG, "there is no array of alerts at '%.200s'",
				 json_string_value(asked));
	if (!json_is_array(list))
		return add_alert(source, &place, payload, err);
	if (json_array_size(list) > ALERT_MAX_ALERTS)
		return error_set(err, -E2BIG, "more than %d alerts in one delivery",
				 ALERT_MAX_ALERTS);
	json_array_foreach(list, i, place.alert)
	{
		r = add_alert(source, &place, payload, err);
		if (r < 0)
			return r;
	}
	return 0;
}
