/* Alertmanager's webhook, and Grafana's, which is the same with more in it. */
#include "server/alert/payload_internal.h"

#include <errno.h>
#include <string.h>

static int put_status(json_t *item, const json_t *alert, struct error *err)
{
	const char *status = json_get_text(alert, "status", "");

	if (strcmp(status, "firing") != 0 && strcmp(status, "resolved") != 0)
		return error_set(err, -EBADMSG, "its 'status' is neither firing nor resolved");
	json_put(item, "status", json_string(status));
	return 0;
}

static int put_times(json_t *item, const json_t *alert, struct error *err)
{
	int r = item_put_time(item, "starts_at", json_object_get(alert, "startsAt"), err);

	/* While it fires, endsAt is when it would be given up: no end yet. */
	if (r == 0 && strcmp(json_get_text(item, "status", ""), "resolved") == 0)
		r = item_put_time(item, "ends_at", json_object_get(alert, "endsAt"), err);
	return r;
}

static const char *first_text(const json_t *object, const char *const *names)
{
	for (; *names; names++)
		if (*json_get_text(object, *names, ""))
			return json_get_text(object, *names, "");
	return NULL;
}

static void put_words(json_t *item, const json_t *alert)
{
	static const char *const summaries[] = { "summary", "title", "description", "message",
						 NULL };
	const json_t *annotations = json_object_get(alert, "annotations");

	item_put_text(item, "fingerprint", json_get_text(alert, "fingerprint", NULL),
		      ALERT_TEXT_BYTES);
	item_put_text(item, "name",
		      json_get_text(json_object_get(alert, "labels"), "alertname", NULL),
		      ALERT_NAME_BYTES);
	item_put_text(item, "summary", first_text(annotations, summaries), ALERT_TEXT_BYTES);
	item_put_map(item, "labels", json_object_get(alert, "labels"), ALERT_VALUE_BYTES);
	item_put_map(item, "annotations", annotations, ALERT_TEXT_BYTES);
	item_put_link(item, "runbook", json_get_text(annotations, "runbook_url", NULL));
	item_put_link(item, "source", json_get_text(alert, "generatorURL", NULL));
	item_put_link(item, "dashboard", json_get_text(alert, "dashboardURL", NULL));
	item_put_link(item, "panel", json_get_text(alert, "panelURL", NULL));
	item_put_link(item, "silence", json_get_text(alert, "silenceURL", NULL));
	item_put_link(item, "image", json_get_text(alert, "imageURL", NULL));
}

/*
 * A group without labels is all that goes to one receiver: no sign that its alerts belong
 * together, so each is put into a group of our own making.
 */
static void put_group(json_t *item, const json_t *root)
{
	const char *key = json_get_text(root, "groupKey", "");

	if (json_object_size(json_object_get(root, "groupLabels")) && *key)
		json_put(item, "group", json_pack("s+", "group:", key));
}

static void put_details(json_t *item, const json_t *root, const json_t *alert)
{
	static const char *const of_root[] = { "receiver", "orgId", "title", "message",
					       "groupLabels" };
	static const char *const of_alert[] = { "values", "valueString" };

	for (size_t i = 0; i < ARRAY_LEN(of_root); i++)
		item_put_detail(item, of_root[i], json_incref(json_object_get(root, of_root[i])));
	for (size_t i = 0; i < ARRAY_LEN(of_alert); i++)
		item_put_detail(item, of_alert[i],
				json_incref(json_object_get(alert, of_alert[i])));
	if (json_get_int(root, "truncatedAlerts", 0) > 0)
		item_put_detail(item, "truncatedAlerts",
				json_incref(json_object_get(root, "truncatedAlerts")));
	item_put_link(item, "alertmanager", json_get_text(root, "externalURL", NULL));
}

static int add_alert(const struct alert_source *source, const json_t *root, const json_t *alert,
		     struct alert_payload *payload, struct error *err)
{
	json_t *item = item_new(source);
	int r = -EBADMSG;

	if (!json_is_object(json_object_get(alert, "labels")))
		error_set(err, r, "it has no labels");
	else
		r = put_status(item, alert, err);
	if (r == 0)
		r = put_times(item, alert, err);
	if (r < 0) {
		json_decref(item);
		return error_wrap(err, "alerts[%zu]", json_array_size(payload->alerts));
	}
	put_words(item, alert);
	put_group(item, root);
	put_details(item, root, alert);
	json_push(payload->alerts, item);
	return 0;
}

int payload_read_family(const struct alert_source *source, const json_t *root,
			struct alert_payload *payload, struct error *err)
{
	const json_t *alerts = json_object_get(root, "alerts"), *alert;
	const char *version = json_get_text(root, "version", "");
	size_t i;
	int r;

	if (!json_is_array(alerts))
		return error_set(err, -EBADMSG, "there is no array 'alerts', as %s sends it",
				 alert_kind_name(source->kind));
	if (source->kind == ALERT_ALERTMANAGER && strcmp(version, "4") != 0)
		return error_set(err, -EBADMSG,
				 "this is not version \"4\" of Alertmanager's webhook");
	if (json_array_size(alerts) > ALERT_MAX_ALERTS)
		return error_set(err, -E2BIG, "more than %d alerts in one delivery: set max_alerts",
				 ALERT_MAX_ALERTS);
	json_array_foreach(alerts, i, alert)
	{
		r = add_alert(source, root, alert, payload, err);
		if (r < 0)
			return r;
	}
	return 0;
}
