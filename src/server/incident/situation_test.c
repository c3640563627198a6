#include "server/incident/situation.h"

#include <stdlib.h>
#include <string.h>

#include "base/test.h"

#define MINUTE_NS (60 * NS_PER_SEC)
#define NOON_NS (1764417600 * NS_PER_SEC)

static const struct incident_config rules = {
	.settle_ns = MINUTE_NS,
	.flap_ns = 10 * MINUTE_NS,
	.join_ns = 60 * MINUTE_NS,
	.storm_ns = MINUTE_NS,
	.storm_incidents = 3,
};

/* What is decided at noon, and the alerts that it is about. */
struct scene {
	struct situation *situation;
	json_t *alerts;
};

static void scene_open(struct scene *scene)
{
	scene->situation = situation_new(&rules, NOON_NS);
	scene->alerts = json_array();
}

static void scene_close(struct scene *scene)
{
	situation_free(scene->situation);
	json_decref(scene->alerts);
}

/* An alert of the group 'group', told now. */
static void tell(struct scene *scene, const char *fingerprint, const char *status,
		 const char *group)
{
	json_push(scene->alerts, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "fingerprint",
					   fingerprint, "status", status, "name", fingerprint,
					   "summary", "", "severity", "error", "group", group));
	situation_signal(scene->situation, "int_1",
			 json_array_get(scene->alerts, json_array_size(scene->alerts) - 1));
}

/* An incident as the store has it, with one alert of the same name. */
static struct alert_row *stored(struct scene *scene, const char *name, enum incident_state state,
				uint64_t since_ns)
{
	struct incident_row *incident = situation_incident(scene->situation, name);
	struct alert_row *alert = situation_add_alert(scene->situation);

	incident->number = 7;
	incident->state = state;
	incident->n_alerts = 1;
	incident->updated = (int64_t)(NOON_NS - since_ns);
	incident->resolved = state == INCIDENT_CLOSED ? incident->updated : 0;
	text_format(incident->correlation, sizeof(incident->correlation), "int_1 %s", name);
	alert->incident = incident;
	alert->is_firing = state == INCIDENT_OPEN;
	text_format(alert->integration, sizeof(alert->integration), "int_1");
	text_format(alert->fingerprint, sizeof(alert->fingerprint), "%s", name);
	return alert;
}

TEST(first_alert_opens_and_its_repeat_is_counted)
{
	struct scene scene;

	scene_open(&scene);
	tell(&scene, "cpu", "firing", "g");
	tell(&scene, "cpu", "firing", "g");
	CHECK_INT(scene.situation->n_incidents, 1);
	CHECK_INT(scene.situation->n_alerts, 1);
	CHECK_INT(scene.situation->n_repeats, 1);
	situation_conclude(scene.situation);
	CHECK_INT(scene.situation->n_events, 1);
	CHECK_INT(scene.situation->events[0].change, INCIDENT_OPENED);
	CHECK_TEXT(scene.situation->incidents[0].severity, "error");
	scene_close(&scene);
}

TEST(alerts_of_one_group_are_one_incident)
{
	struct scene scene;

	scene_open(&scene);
	tell(&scene, "a", "firing", "g");
	tell(&scene, "b", "firing", "g");
	tell(&scene, "c", "firing", "h");
	CHECK_INT(scene.situation->n_incidents, 2);
	CHECK_INT(scene.situation->incidents[0].n_alerts, 2);
	scene_close(&scene);
}

TEST(flap_opens_the_same_incident_again)
{
	struct scene scene;
	struct alert_row *alert;

	scene_open(&scene);
	alert = stored(&scene, "cpu", INCIDENT_CLOSED, 9 * MINUTE_NS);
	tell(&scene, "cpu", "firing", "cpu");
	CHECK_INT(scene.situation->n_incidents, 1);
	CHECK_INT(alert->incident->state, INCIDENT_OPEN);
	CHECK_INT(alert->incident->change, INCIDENT_REOPENED);
	CHECK(alert->has_flapped && alert->is_firing);
	scene_close(&scene);
}

TEST(after_the_flap_time_it_is_another)
{
	struct scene scene;
	struct alert_row *alert;

	scene_open(&scene);
	alert = stored(&scene, "cpu", INCIDENT_CLOSED, 11 * MINUTE_NS);
	tell(&scene, "cpu", "firing", "cpu");
	CHECK_INT(scene.situation->n_incidents, 2);
	CHECK_INT(alert->incident->state, INCIDENT_CLOSED);
	scene_close(&scene);
}

TEST(silent_incident_takes_in_nothing_new)
{
	struct scene scene;

	scene_open(&scene);
	(void)stored(&scene, "cpu", INCIDENT_OPEN, 61 * MINUTE_NS);
	tell(&scene, "other", "firing", "cpu");
	CHECK_INT(scene.situation->n_incidents, 2);
	/* But its own alert is still its own. */
	tell(&scene, "cpu", "firing", "cpu");
	CHECK_INT(scene.situation->n_incidents, 2);
	CHECK_INT(scene.situation->n_repeats, 1);
	scene_close(&scene);
}

TEST(what_was_merged_is_found_where_it_is_now)
{
	struct scene scene;
	struct incident_row *storm;

	scene_open(&scene);
	storm = stored(&scene, "storm", INCIDENT_OPEN, 0)->incident;
	situation_add_alias(scene.situation, "int_1 cpu", storm);
	tell(&scene, "cpu-2", "firing", "cpu");
	CHECK_INT(scene.situation->n_incidents, 1);
	CHECK_INT(storm->n_alerts, 2);
	scene_close(&scene);
}

TEST(storm_takes_in_whatever_is_new)
{
	struct scene scene;

	scene_open(&scene);
	scene.situation->storm = stored(&scene, "storm", INCIDENT_OPEN, 0)->incident;
	scene.situation->storm->storm_until = (int64_t)(NOON_NS + 1);
	tell(&scene, "a", "firing", "g");
	tell(&scene, "b", "firing", "h");
	CHECK_INT(scene.situation->n_incidents, 1);
	CHECK_INT(scene.situation->storm->storm_until, (int64_t)(NOON_NS + MINUTE_NS));
	CHECK(!situation_is_storm(scene.situation));
	scene_close(&scene);
}

TEST(many_at_once_are_a_storm)
{
	struct scene scene;

	scene_open(&scene);
	tell(&scene, "a", "firing", "a");
	tell(&scene, "b", "firing", "b");
	CHECK(!situation_is_storm(scene.situation));
	tell(&scene, "c", "firing", "c");
	CHECK(situation_is_storm(scene.situation));
	scene_close(&scene);
}

TEST(full_incident_counts_what_it_does_not_take)
{
	struct scene scene;
	struct incident_row *incident;

	scene_open(&scene);
	incident = stored(&scene, "cpu", INCIDENT_OPEN, 0)->incident;
	incident->n_alerts = INCIDENT_MAX_ALERTS;
	tell(&scene, "one-more", "firing", "cpu");
	CHECK_INT(incident->n_dropped, 1);
	CHECK_INT(scene.situation->n_alerts, 1);
	CHECK_INT(incident->change, SITUATION_NO_CHANGE);
	scene_close(&scene);
}

TEST(end_of_what_never_fired_is_nothing)
{
	struct scene scene;

	scene_open(&scene);
	tell(&scene, "cpu", "resolved", "g");
	tell(&scene, "cpu", "noted", "g");
	situation_conclude(scene.situation);
	CHECK_INT(scene.situation->n_incidents, 0);
	CHECK_INT(scene.situation->n_events, 0);
	CHECK_INT(scene.situation->n_unknown, 2);
	scene_close(&scene);
}

TEST(incident_that_is_closed_is_not_closed_again)
{
	struct scene scene;
	struct incident_row *incident;

	scene_open(&scene);
	incident = stored(&scene, "cpu", INCIDENT_OPEN, 0)->incident;
	CHECK(situation_resolve(scene.situation, incident, "key/1"));
	CHECK(!situation_resolve(scene.situation, incident, "key/2"));
	situation_conclude(scene.situation);
	CHECK_INT(scene.situation->n_events, 1);
	CHECK_TEXT(scene.situation->events[0].actor, "key/1");
	scene_close(&scene);
}
