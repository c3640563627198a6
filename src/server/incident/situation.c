#include "server/incident/situation.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"

static bool is_within(const struct situation *situation, int64_t time, uint64_t span_ns)
{
	return time && time + (int64_t)span_ns >= situation->now;
}

/* Whether something new may still be put into it. */
static bool takes(const struct situation *situation, const struct incident_row *incident)
{
	switch (incident->state) {
	case INCIDENT_OPEN:
		return is_within(situation, incident->updated, situation->rules->join_ns);
	case INCIDENT_CLOSED:
		return is_within(situation, incident->resolved, situation->rules->flap_ns);
	case INCIDENT_ELSEWHERE:
		return false;
	}
	return false;
}

static bool is_of_group(const struct situation *situation, const struct incident_row *row,
			const char *key)
{
	for (unsigned i = 0; i < situation->n_aliases; i++)
		if (situation->aliases[i].incident == row &&
		    strcmp(situation->aliases[i].key, key) == 0)
			return true;
	return strcmp(row->correlation, key) == 0;
}

static struct incident_row *find_same_group(struct situation *situation, const char *key)
{
	struct incident_row *best = NULL;

	for (unsigned i = 0; i < situation->n_incidents; i++) {
		struct incident_row *row = &situation->incidents[i];

		if (is_of_group(situation, row, key) && takes(situation, row) &&
		    (!best || row->updated > best->updated))
			best = row;
	}
	return best;
}

static void touch(struct situation *situation, struct incident_row *incident)
{
	incident->is_touched = true;
	incident->updated = situation->now;
}

static void write_title(struct incident_row *incident, const json_t *alert)
{
	const char *name = json_get_text(alert, "name", "");
	const char *summary = json_get_text(alert, "summary", "");
	bool has_more = *summary && strcmp(name, summary) != 0;
	CLEANUP(buf) struct buf title = { 0 };
	json_t *text;

	/* May be cut within a character, which json_text() mends. */
	buf_init(&title, SITUATION_TITLE_BYTES - 8);
	buf_add_format(&title, has_more ? "%s: %s" : "%s", name, summary);
	text = json_text(title.data, title.len);
	text_format(incident->title, sizeof(incident->title), "%s", json_string_value(text));
	json_decref(text);
}

static struct incident_row *open_incident(struct situation *situation, const char *integration,
					  const json_t *alert)
{
	char nonce[NONCE_TEXT_BYTES], id[INCIDENT_ID_BYTES];
	struct incident_row *incident;

	text_format(id, sizeof(id), "inc_%.20s", nonce_make(nonce));
	incident = situation_incident(situation, id);
	incident->is_new = true;
	incident->state = INCIDENT_OPEN;
	incident->number = ++situation->last_number;
	incident->opened = situation->now;
	incident->change = INCIDENT_OPENED;
	text_format(incident->integration, sizeof(incident->integration), "%s", integration);
	text_format(incident->severity, sizeof(incident->severity), "%s", "info");
	situation_key(integration, alert, incident->correlation);
	write_title(incident, alert);
	situation->n_opened++;
	situation->n_opened_lately++;
	return incident;
}

static unsigned rank(const char *severity)
{
	static const char *const order[] = { "info", "warning", "error", "critical" };

	for (unsigned i = 0; i < ARRAY_LEN(order); i++)
		if (strcmp(order[i], severity) == 0)
			return i;
	return 0;
}

void situation_raise(struct incident_row *incident, const char *severity)
{
	if (rank(severity) > rank(incident->severity))
		text_format(incident->severity, sizeof(incident->severity), "%s", severity);
}

/* An alert fires that did not before: its incident has news. */
static void note_fired(struct situation *situation, struct alert_row *row)
{
	struct incident_row *incident = row->incident;

	touch(situation, incident);
	if (!incident->fired)
		incident->fired = json_array();
	json_push(incident->fired, json_string(row->id));
	situation_raise(incident, json_get_text(row->told, "severity", ""));
	if (incident->storm_until)
		incident->storm_until = situation->now + (int64_t)situation->rules->storm_ns;
	if (incident->state == INCIDENT_CLOSED) {
		incident->state = INCIDENT_OPEN;
		incident->resolved = 0;
		incident->resolved_by[0] = '\0';
		incident->change = INCIDENT_REOPENED;
	} else if (incident->change == SITUATION_NO_CHANGE) {
		incident->change = INCIDENT_JOINED;
		situation->n_joined++;
	}
}

static int64_t time_of(const json_t *alert, const char *member)
{
	const char *text = json_get_text(alert, member, NULL);
	uint64_t time_ns;

	return text && clock_parse(text, &time_ns) ? (int64_t)time_ns : 0;
}

static void tell(struct alert_row *row, const json_t *alert)
{
	int64_t occurred = time_of(alert, "occurred_at");

	row->told = alert;
	row->is_touched = true;
	if (occurred)
		row->occurred = occurred;
}

static void add_new(struct situation *situation, const char *integration, const json_t *alert,
		    struct incident_row *incident)
{
	int64_t starts = time_of(alert, "starts_at");
	char nonce[NONCE_TEXT_BYTES];
	struct alert_row *row;

	if (incident->n_alerts >= INCIDENT_MAX_ALERTS) {
		incident->n_dropped++;
		situation->n_dropped++;
		touch(situation, incident);
		return;
	}
	row = situation_add_alert(situation);
	text_format(row->id, sizeof(row->id), "al_%.20s", nonce_make(nonce));
	text_format(row->integration, sizeof(row->integration), "%s", integration);
	text_format(row->fingerprint, sizeof(row->fingerprint), "%s",
		    json_get_text(alert, "fingerprint", ""));
	row->incident = incident;
	row->is_new = true;
	row->is_firing = true;
	row->starts = starts ? starts : situation->now;
	incident->n_alerts++;
	tell(row, alert);
	note_fired(situation, row);
}

/*
 * It fires, and did. While a person has closed its incident, that is still no news: unless it
 * began anew, or its sender tells no beginnings and enough time has passed.
 */
static bool is_repeat(const struct situation *situation, const struct alert_row *row,
		      const json_t *alert)
{
	const struct incident_row *incident = row->incident;
	int64_t starts = time_of(alert, "starts_at");

	if (!row->is_firing || incident->state == INCIDENT_ELSEWHERE)
		return false;
	if (incident->state == INCIDENT_OPEN || (starts && starts == row->starts))
		return true;
	return !starts && is_within(situation, incident->resolved, situation->rules->flap_ns);
}

static void count_repeat(struct situation *situation, struct alert_row *row, const json_t *alert)
{
	tell(row, alert);
	situation->n_repeats++;
	if (row->incident->state == INCIDENT_OPEN)
		touch(situation, row->incident);
}

/* Whether it fires again within the incident that it was in. */
static bool fires_again(struct situation *situation, struct alert_row *row, const json_t *alert)
{
	struct incident_row *incident = row->incident;
	int64_t starts = time_of(alert, "starts_at");

	if (incident->state == INCIDENT_ELSEWHERE ||
	    (incident->state == INCIDENT_CLOSED &&
	     !is_within(situation, incident->resolved, situation->rules->flap_ns)))
		return false;
	row->has_flapped = true;
	row->is_firing = true;
	row->starts = starts ? starts : situation->now;
	situation->n_flaps++;
	tell(row, alert);
	note_fired(situation, row);
	return true;
}

static void signal_firing(struct situation *situation, struct alert_row *row,
			  const char *integration, const json_t *alert)
{
	char key[SITUATION_KEY_BYTES];
	struct incident_row *incident;

	if (row && is_repeat(situation, row, alert)) {
		count_repeat(situation, row, alert);
		return;
	}
	if (row && fires_again(situation, row, alert))
		return;
	situation_key(integration, alert, key);
	incident = find_same_group(situation, key);
	if (!incident)
		incident = situation->storm;
	if (!incident)
		incident = open_incident(situation, integration, alert);
	add_new(situation, integration, alert, incident);
}

static void signal_resolved(struct situation *situation, struct alert_row *row, const json_t *alert)
{
	struct incident_row *incident;

	if (!row || !row->is_firing) {
		situation->n_unknown++;
		return;
	}
	incident = row->incident;
	row->is_firing = false;
	tell(row, alert);
	touch(situation, incident);
	if (!incident->ended)
		incident->ended = json_array();
	json_push(incident->ended, json_string(row->id));
}

static const char *actor_of(struct situation *situation, const char *integration)
{
	char *actor = situation->actors[situation->n_actors++];

	text_format(actor, sizeof(situation->actors[0]), "integration/%s", integration);
	return actor;
}

static void signal_noted(struct situation *situation, struct alert_row *row,
			 const char *integration, const json_t *alert)
{
	const struct event_row note = {
		.kind = "note",
		.change = SITUATION_NO_CHANGE,
		.actor = actor_of(situation, integration),
		.data = json_pack("{s:s, s:s}", "text", json_get_text(alert, "summary", ""),
				  "alert", row->id),
	};

	situation_event(situation, row->incident, &note);
}

void situation_signal(struct situation *situation, const char *integration, const json_t *alert)
{
	struct alert_row *row = situation_find_alert(situation, integration,
						     json_get_text(alert, "fingerprint", ""));
	const char *status = json_get_text(alert, "status", "");
	int64_t occurred = time_of(alert, "occurred_at");

	if (strcmp(status, "noted") == 0) {
		if (row)
			signal_noted(situation, row, integration, alert);
		else
			situation->n_unknown++;
	} else if (row && occurred && occurred < row->occurred) {
		situation->n_late++;
	} else if (strcmp(status, "resolved") == 0) {
		signal_resolved(situation, row, alert);
	} else {
		signal_firing(situation, row, integration, alert);
	}
}

bool situation_resolve(struct situation *situation, struct incident_row *incident,
		       const char *actor)
{
	if (incident->state != INCIDENT_OPEN)
		return false;
	touch(situation, incident);
	incident->state = INCIDENT_CLOSED;
	incident->resolved = situation->now;
	text_format(incident->resolved_by, sizeof(incident->resolved_by), "%s", actor);
	incident->change = INCIDENT_RESOLVED;
	return true;
}

bool situation_is_storm(const struct situation *situation)
{
	return situation->n_opened &&
	       (situation->storm ||
		situation->n_opened_lately >= (int64_t)situation->rules->storm_incidents);
}
