/* The rows of a situation: what was read, and what is new. */
#include <stdlib.h>
#include <string.h>

#include "server/incident/situation.h"

static const char *const states[] = { "open", "resolved", "merged" };

const char *incident_state_name(enum incident_state state)
{
	return states[state];
}

enum incident_state incident_state_from_name(const char *name)
{
	for (unsigned i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(states[i], name) == 0)
			return (enum incident_state)i;
	return INCIDENT_ELSEWHERE;
}

struct situation *situation_new(const struct incident_config *rules, uint64_t now_ns)
{
	struct situation *situation = calloc(1, sizeof(*situation));

	if (!situation)
		abort();
	situation->rules = rules;
	situation->now = (int64_t)now_ns;
	return situation;
}

void situation_free(struct situation *situation)
{
	if (!situation)
		return;
	for (unsigned i = 0; i < situation->n_incidents; i++) {
		json_decref(situation->incidents[i].fired);
		json_decref(situation->incidents[i].ended);
	}
	for (unsigned i = 0; i < situation->n_events; i++)
		json_decref(situation->events[i].data);
	free(situation);
}

struct incident_row *situation_incident(struct situation *situation, const char *id)
{
	struct incident_row *row;

	for (unsigned i = 0; i < situation->n_incidents; i++)
		if (strcmp(situation->incidents[i].id, id) == 0)
			return &situation->incidents[i];
	if (situation->n_incidents == SITUATION_ROWS)
		abort();
	row = &situation->incidents[situation->n_incidents++];
	text_format(row->id, sizeof(row->id), "%s", id);
	row->change = SITUATION_NO_CHANGE;
	return row;
}

struct alert_row *situation_find_alert(struct situation *situation, const char *integration,
				       const char *fingerprint)
{
	/* The newest last: a fingerprint may be in an older incident as well. */
	for (unsigned i = situation->n_alerts; i-- > 0;) {
		struct alert_row *row = &situation->alerts[i];

		if (strcmp(row->fingerprint, fingerprint) == 0 &&
		    strcmp(row->integration, integration) == 0)
			return row;
	}
	return NULL;
}

struct alert_row *situation_add_alert(struct situation *situation)
{
	if (situation->n_alerts == SITUATION_ROWS)
		abort();
	return &situation->alerts[situation->n_alerts++];
}

void situation_key(const char *integration, const json_t *alert, char key_out[SITUATION_KEY_BYTES])
{
	text_format(key_out, SITUATION_KEY_BYTES, "%s %s", integration,
		    json_get_text(alert, "group", ""));
}

void situation_add_alias(struct situation *situation, const char *key,
			 struct incident_row *incident)
{
	struct alias_row *row = &situation->aliases[situation->n_aliases];

	if (situation->n_aliases == SITUATION_SIGNALS)
		abort();
	text_format(row->key, sizeof(row->key), "%s", key);
	row->incident = incident;
	situation->n_aliases++;
}
