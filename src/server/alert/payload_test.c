#include "server/alert/payload.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/test.h"

/* A delivery of that kind, read; the alert at that place is borrowed. */
struct scene {
	struct alert_payload payload;
	struct error err;
	int r;
};

static void scene_read(struct scene *scene, enum alert_kind kind, const char *text)
{
	const struct alert_source source = { .kind = kind, .integration = "int_1" };

	*scene = (struct scene) { 0 };
	scene->r = alert_payload_read(&source, (struct str) { text, strlen(text) }, &scene->payload,
				      &scene->err);
}

static const char *member(const struct scene *scene, const char *name)
{
	return json_get_text(json_array_get(scene->payload.alerts, 0), name, "");
}

static void refused(enum alert_kind kind, const char *text)
{
	struct scene scene;

	scene_read(&scene, kind, text);
	CHECK(scene.r < 0);
	CHECK(scene.err.text[0]);
	CHECK(!scene.payload.alerts);
}

#define FAMILY(version, more)                                                             \
	"{\"version\":\"" version "\",\"groupKey\":\"{}:{a}\",\"groupLabels\":{\"a\":1}," \
	"\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"CPU\"" more "},"  \
	"\"startsAt\":\"2026-01-02T03:04:05.6Z\",\"endsAt\":\"2026-01-02T04:00:00Z\"}]}"

TEST(samples_of_all_kinds_are_alerts)
{
	for (unsigned kind = 0; kind < ALERT_SLACK; kind++) {
		struct scene scene;

		scene_read(&scene, (enum alert_kind)kind,
			   alert_payload_sample((enum alert_kind)kind));
		CHECK_OK(scene.r, scene.err);
		CHECK_INT(json_array_size(scene.payload.alerts), 1);
		CHECK_TEXT(member(&scene, "kind"), alert_kind_name((enum alert_kind)kind));
		CHECK_TEXT(member(&scene, "status"), "firing");
		alert_payload_finish(&scene.payload);
	}
}

TEST(firing_alert_has_a_start_and_no_end)
{
	struct scene scene;

	scene_read(&scene, ALERT_ALERTMANAGER, FAMILY("4", ",\"severity\":\"page\""));
	CHECK_OK(scene.r, scene.err);
	CHECK_TEXT(member(&scene, "starts_at"), "2026-01-02T03:04:05.600Z");
	CHECK_TEXT(member(&scene, "ends_at"), "");
	CHECK_TEXT(member(&scene, "severity"), "critical");
	CHECK_TEXT(member(&scene, "group"), "group:{}:{a}");
	CHECK_INT(strlen(member(&scene, "fingerprint")), 64);
	alert_payload_finish(&scene.payload);
}

TEST(alertmanager_of_another_version_is_refused)
{
	struct scene scene;

	refused(ALERT_ALERTMANAGER, FAMILY("3", ""));
	scene_read(&scene, ALERT_GRAFANA, FAMILY("1", ""));
	CHECK_OK(scene.r, scene.err);
	alert_payload_finish(&scene.payload);
}

TEST(nesting_is_bounded_before_it_is_parsed)
{
	refused(ALERT_GENERIC, "{\"name\":\"x\",\"a\":[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]}");
	refused(ALERT_GENERIC, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[");
}

TEST(braces_within_texts_nest_nothing)
{
	struct scene scene;

	scene_read(&scene, ALERT_GENERIC, "{\"name\":\"{{{{{{{{{{[[[[[[[[[[\\\"{{{{{{{{{\"}");
	CHECK_OK(scene.r, scene.err);
	alert_payload_finish(&scene.payload);
}

TEST(events_that_tell_of_no_incident_are_ignored)
{
	struct scene scene;

	scene_read(&scene, ALERT_PAGERDUTY,
		   "{\"event\":{\"id\":\"e\",\"event_type\":\"incident.responder.added\","
		   "\"data\":{\"type\":\"incident_responder\",\"incident\":{\"id\":\"P\"}}}}");
	CHECK_OK(scene.r, scene.err);
	CHECK_INT(scene.payload.n_ignored, 1);
	CHECK_INT(json_array_size(scene.payload.alerts), 0);
	CHECK_TEXT(scene.payload.delivery, "e");
	alert_payload_finish(&scene.payload);
	refused(ALERT_PAGERDUTY, "{\"event\":{\"event_type\":\"incident.triggered\"}}");
	refused(ALERT_PAGERDUTY, "{\"event\":{\"event_type\":\"incident.triggered\","
				 "\"data\":{\"type\":\"incident\"}}}");
}

TEST(times_are_text_or_seconds_or_milliseconds)
{
	static const char *const times[] = { "\"2025-11-29T02:00:00+01:00\"", "1764378000",
					     "1764378000000" };

	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		struct scene scene;
		char text[128];

		text_format(text, sizeof(text), "{\"name\":\"x\",\"starts_at\":%s}", times[i]);
		scene_read(&scene, ALERT_GENERIC, text);
		CHECK_TEXT(member(&scene, "starts_at"), "2025-11-29T01:00:00.000Z");
		alert_payload_finish(&scene.payload);
	}
	refused(ALERT_GENERIC, "{\"name\":\"x\",\"starts_at\":\"noon\"}");
	refused(ALERT_GENERIC, "{\"name\":\"x\",\"starts_at\":-1}");
	refused(ALERT_GENERIC, "{\"name\":\"x\",\"starts_at\":1e300}");
}

/* 60 labels of 1,000 bytes and 60 annotations of 4,000 are within each bound, but not in all. */
TEST(alert_as_a_whole_is_bounded)
{
	json_t *labels = json_object(), *annotations = json_object(), *document;
	CLEANUP(text) char *text = NULL;
	struct scene scene;

	for (unsigned i = 0; i < 60; i++) {
		char name[16], value[4001];

		text_format(name, sizeof(name), "n%u", i);
		memset(value, 'x', sizeof(value));
		json_put(labels, name, json_text(value, 1000));
		json_put(annotations, name, json_text(value, 4000));
	}
	document = json_pack("{s:s, s:o, s:o}", "name", "x", "labels", labels, "annotations",
			     annotations);
	text = json_canonical(document);
	json_decref(document);
	scene_read(&scene, ALERT_GENERIC, text);
	CHECK_OK(scene.r, scene.err);
	CHECK_INT(json_object_size(
			  json_object_get(json_array_get(scene.payload.alerts, 0), "annotations")),
		  0);
	CHECK_INT(json_object_size(
			  json_object_get(json_array_get(scene.payload.alerts, 0), "labels")),
		  60);
	CHECK(json_get_bool(json_array_get(scene.payload.alerts, 0), "cut", false));
	alert_payload_finish(&scene.payload);
}
