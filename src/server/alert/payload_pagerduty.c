/*
 * PagerDuty's webhooks v3: one event of one incident. Its incident is an alert here: the
 * same id in every event, and events may come late and out of order, so each has its time.
 */
#include "server/alert/payload_internal.h"

#include <errno.h>
#include <string.h>

static const char *summary_of(const json_t *data, const char *member)
{
	return json_get_text(json_object_get(data, member), "summary", NULL);
}

static const char *severity_of(const json_t *data)
{
	const char *priority = summary_of(data, "priority");
	const char *severity = priority ? item_severity(priority) : "";

	if (*severity)
		return severity;
	return strcmp(json_get_text(data, "urgency", ""), "low") == 0 ? "warning" : "error";
}

static void put_assignees(json_t *item, const json_t *data)
{
	CLEANUP(buf) struct buf names = { 0 };
	json_t *one;
	size_t i;

	buf_init(&names, ALERT_TEXT_BYTES);
	json_array_foreach(json_object_get(data, "assignees"), i, one)
		buf_add_format(&names, "%s%s", i ? ", " : "", json_get_text(one, "summary", "?"));
	if (names.len)
		json_put(json_object_get(item, "annotations"), "assignees",
			 json_text(names.data, names.len));
}

static void put_words(json_t *item, const json_t *event, const json_t *data)
{
	static const char *const details[] = { "number", "status", "incident_key", "urgency" };

	item_put_text(item, "name", json_get_text(data, "title", NULL), ALERT_NAME_BYTES);
	item_put_text(item, "summary", json_get_text(data, "title", NULL), ALERT_TEXT_BYTES);
	json_put(item, "severity", json_string(severity_of(data)));
	item_put_label(item, "service", summary_of(data, "service"));
	item_put_label(item, "service_id",
		       json_get_text(json_object_get(data, "service"), "id", NULL));
	item_put_label(item, "urgency", json_get_text(data, "urgency", NULL));
	item_put_label(item, "priority", summary_of(data, "priority"));
	put_assignees(item, data);
	item_put_link(item, "source", json_get_text(data, "html_url", NULL));
	item_put_detail(item, "event_type", json_incref(json_object_get(event, "event_type")));
	for (size_t i = 0; i < ARRAY_LEN(details); i++)
		item_put_detail(item, details[i], json_incref(json_object_get(data, details[i])));
}

static int put_times(json_t *item, const json_t *event, const json_t *data, struct error *err)
{
	const json_t *occurred = json_object_get(event, "occurred_at");
	int r = item_put_time(item, "occurred_at", occurred, err);

	if (r == 0)
		r = item_put_time(item, "starts_at", json_object_get(data, "created_at"), err);
	if (r == 0 && strcmp(json_get_text(item, "status", ""), "resolved") == 0)
		r = item_put_time(item, "ends_at", occurred, err);
	return r;
}

static bool is_resolved(const char *type, const json_t *data)
{
	return strcmp(type, "incident.resolved") == 0 ||
	       strcmp(json_get_text(data, "status", ""), "resolved") == 0;
}

/* A note that somebody wrote there: {"incident": {"id"}, "content"}. */
static void put_note(json_t *item, const json_t *data)
{
	json_put(item, "status", json_string("noted"));
	item_put_text(item, "fingerprint",
		      json_get_text(json_object_get(data, "incident"), "id", NULL),
		      ALERT_NAME_BYTES);
	item_put_text(item, "name", summary_of(data, "incident"), ALERT_NAME_BYTES);
	item_put_text(item, "summary", json_get_text(data, "content", NULL), ALERT_TEXT_BYTES);
}

static int read_event(json_t *item, const json_t *event, const json_t *data, struct error *err)
{
	const char *type = json_get_text(event, "event_type", "");

	if (strcmp(type, "incident.annotated") == 0) {
		put_note(item, data);
	} else {
		item_put_text(item, "fingerprint", json_get_text(data, "id", NULL),
			      ALERT_NAME_BYTES);
		json_put(item, "status",
			 json_string(is_resolved(type, data) ? "resolved" : "firing"));
		put_words(item, event, data);
	}
	if (!*json_get_text(item, "fingerprint", ""))
		return error_set(err, -EBADMSG, "the event '%.64s' names no incident", type);
	return put_times(item, event, data, err);
}

static bool tells_of_incident(const char *type, const json_t *data)
{
	if (strcmp(type, "incident.annotated") == 0)
		return true;
	return strncmp(type, "incident.", 9) == 0 &&
	       strcmp(json_get_text(data, "type", ""), "incident") == 0;
}

int payload_read_pagerduty(const struct alert_source *source, const json_t *root,
			   struct alert_payload *payload, struct error *err)
{
	const json_t *event = json_object_get(root, "event");
	const json_t *data = json_object_get(event, "data");
	const char *type = json_get_text(event, "event_type", NULL);
	const char *id = json_get_text(event, "id", "");
	json_t *item;
	int r;

	if (!type || !json_is_object(data))
		return error_set(err, -EBADMSG,
				 "there is no 'event' with 'event_type' and 'data', "
				 "as PagerDuty's webhooks v3 have it");
	if (strlen(id) < sizeof(payload->delivery))
		text_format(payload->delivery, sizeof(payload->delivery), "%s", id);
	if (!tells_of_incident(type, data)) {
		payload->n_ignored = 1; /* pagey.ping, responders, services */
		return 0;
	}
	item = item_new(source);
	r = read_event(item, event, data, err);
	if (r < 0)
		json_decref(item);
	else
		json_push(payload->alerts, item);
	return r;
}
