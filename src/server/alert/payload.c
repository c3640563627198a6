#include "server/alert/payload_internal.h"

#include <errno.h>
#include <string.h>

static int read_nothing(const struct alert_source *source, const json_t *root UNUSED,
			struct alert_payload *payload UNUSED, struct error *err)
{
	return error_set(err, -EBADMSG,
			 "an integration of the kind %s tells no alerts; its address is "
			 "/api/v1/chat/%s",
			 alert_kind_name(source->kind), source->integration);
}

static const struct {
	const char *name;
	int (*read)(const struct alert_source *source, const json_t *root,
		    struct alert_payload *payload, struct error *err);
	const char *sample;
} kinds[ALERT_N_KINDS] = {
	[ALERT_ALERTMANAGER] = { "alertmanager", payload_read_family,
				 "{\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"HighCPU\\\"}"
				 "\","
				 "\"truncatedAlerts\":0,\"status\":\"firing\",\"receiver\":"
				 "\"constable\","
				 "\"groupLabels\":{\"alertname\":\"HighCPU\"},\"commonLabels\":{},"
				 "\"commonAnnotations\":{},\"externalURL\":\"http://"
				 "alertmanager:9093\","
				 "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":"
				 "\"HighCPU\","
				 "\"instance\":\"web-1:9100\",\"severity\":\"critical\"},"
				 "\"annotations\":{\"summary\":\"CPU above 95% for 5 minutes\"},"
				 "\"startsAt\":\"2026-01-02T03:04:05Z\",\"endsAt\":\"0001-01-01T00:"
				 "00:00Z\","
				 "\"generatorURL\":\"http://prometheus:9090/graph\","
				 "\"fingerprint\":\"c6eadffa33fcdf37\"}]}" },
	[ALERT_GRAFANA] = { "grafana", payload_read_family,
			    "{\"version\":\"1\",\"groupKey\":\"{}:{alertname=\\\"DiskFull\\\"}\","
			    "\"truncatedAlerts\":0,\"status\":\"firing\",\"receiver\":"
			    "\"Constable\",\"orgId\":1,"
			    "\"state\":\"alerting\",\"title\":\"[FIRING:1] "
			    "DiskFull\",\"message\":\"\","
			    "\"groupLabels\":{\"alertname\":\"DiskFull\"},\"commonLabels\":{},"
			    "\"commonAnnotations\":{},\"externalURL\":\"http://grafana:3000/\","
			    "\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":"
			    "\"DiskFull\","
			    "\"grafana_folder\":\"hosts\",\"severity\":\"warning\"},"
			    "\"annotations\":{\"summary\":\"/var is 97% full\"},"
			    "\"startsAt\":\"2026-01-02T03:04:05Z\",\"endsAt\":\"0001-01-01T00:00:"
			    "00Z\","
			    "\"generatorURL\":\"http://grafana:3000/alerting/grafana/d1/view\","
			    "\"fingerprint\":\"57c6d9296de2ad39\",\"values\":{\"A\":97},"
			    "\"valueString\":\"[ var='A' value=97 ]\","
			    "\"silenceURL\":\"http://grafana:3000/alerting/silence/new\","
			    "\"dashboardURL\":\"http://grafana:3000/d/"
			    "hosts\",\"panelURL\":\"\"}]}" },
	[ALERT_PAGERDUTY] = { "pagerduty", payload_read_pagerduty,
			      "{\"event\":{\"id\":\"01EXAMPLE\",\"event_type\":\"incident."
			      "triggered\","
			      "\"resource_type\":\"incident\",\"occurred_at\":\"2026-01-02T03:04:"
			      "05.678Z\","
			      "\"agent\":null,\"client\":null,\"data\":{\"id\":\"PGR0VU2\","
			      "\"type\":\"incident\","
			      "\"self\":\"https://api.pagerduty.com/incidents/PGR0VU2\","
			      "\"html_url\":\"https://example.pagerduty.com/incidents/"
			      "PGR0VU2\",\"number\":2,"
			      "\"status\":\"triggered\",\"incident_key\":\"d3640fbd\","
			      "\"created_at\":\"2026-01-02T03:04:05Z\",\"title\":\"Checkout is "
			      "slow\","
			      "\"service\":{\"id\":\"PF9KMXH\",\"summary\":\"checkout\"},"
			      "\"assignees\":[],"
			      "\"priority\":null,\"urgency\":\"high\"}}}" },
	[ALERT_GENERIC] = { "generic", payload_read_generic,
			    "{\"name\":\"Backup "
			    "failed\",\"status\":\"firing\",\"severity\":\"error\","
			    "\"summary\":\"the nightly backup of db-1 ended with 1\","
			    "\"labels\":{\"host\":\"db-1\"}}" },
	[ALERT_SLACK] = { "slack", read_nothing, "{}" },
};

const char *alert_kind_name(enum alert_kind kind)
{
	return kinds[kind].name;
}

bool alert_kind_from_name(const char *name, enum alert_kind *kind_out)
{
	for (unsigned i = 0; i < ALERT_N_KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*kind_out = (enum alert_kind)i;
			return true;
		}
	return false;
}

const char *alert_payload_sample(enum alert_kind kind)
{
	return kinds[kind].sample;
}

/* Before it is parsed, so that no parser has to follow it. */
static bool is_too_deep(struct str bytes)
{
	unsigned depth = 0;
	bool in_text = false;

	for (size_t i = 0; i < bytes.len; i++) {
		char c = bytes.data[i];

		if (in_text && c == '\\')
			i++;
		else if (c == '"')
			in_text = !in_text;
		else if (!in_text && (c == '{' || c == '[') && ++depth > ALERT_MAX_DEPTH)
			return true;
		else if (!in_text && (c == '}' || c == ']') && depth)
			depth--;
	}
	return false;
}

static int read_root(const struct alert_source *source, const json_t *root,
		     struct alert_payload *payload, struct error *err)
{
	size_t n;
	json_t *item;
	int r = kinds[source->kind].read(source, root, payload, err);

	if (r < 0)
		return r;
	json_array_foreach(payload->alerts, n, item) item_complete(item);
	return 0;
}

int alert_payload_read(const struct alert_source *source, struct str bytes,
		       struct alert_payload *payload_out, struct error *err)
{
	CLEANUP(json) json_t *root = NULL;
	struct alert_payload payload = { 0 };
	int r;

	if (is_too_deep(bytes))
		return error_set(err, -EBADMSG, "the JSON is nested more than %d deep",
				 ALERT_MAX_DEPTH);
	root = json_parse(bytes.data, bytes.len, ALERT_MAX_BODY_BYTES, err);
	if (!root)
		return err->code;
	payload.alerts = json_array();
	r = read_root(source, root, &payload, err);
	if (r < 0)
		alert_payload_finish(&payload);
	else
		*payload_out = payload;
	return r;
}

void alert_payload_finish(struct alert_payload *payload)
{
	json_decref(payload->alerts);
	payload->alerts = NULL;
}
