/* What was decided, as entries of the timelines. */
#include <string.h>

#include "server/incident/situation.h"

#define CONSTABLE "constable" /* who acts where nobody else does */

void situation_event(struct situation *situation, struct incident_row *incident,
		     const struct event_row *event)
{
	struct event_row *row = &situation->events[situation->n_events];
	bool is_kept = incident->n_events + incident->n_new_events < INCIDENT_MAX_EVENTS ||
		       event->change == INCIDENT_RESOLVED || event->change == INCIDENT_REOPENED ||
		       event->change == INCIDENT_MERGED;

	if (!is_kept || situation->n_events == SITUATION_EVENTS) {
		json_decref(event->data);
		return;
	}
	*row = *event;
	row->incident = incident;
	row->seq = ++situation->last_seq;
	incident->n_new_events++;
	incident->is_touched = true;
	situation->n_events++;
}

static const char *actor_of(const struct incident_row *incident)
{
	return *incident->resolved_by ? incident->resolved_by : CONSTABLE;
}

static void conclude(struct situation *situation, struct incident_row *incident)
{
	struct event_row event = { .change = incident->change, .actor = CONSTABLE };

	if (incident->ended) {
		event.kind = "alerts-resolved";
		event.change = SITUATION_NO_CHANGE;
		event.data = json_pack("{s:O}", "alerts", incident->ended);
		situation_event(situation, incident, &event);
	}
	if (incident->change == SITUATION_NO_CHANGE)
		return;
	event.change = incident->change;
	event.kind = incident_change_name((enum incident_change)incident->change);
	if (incident->change == INCIDENT_RESOLVED) {
		event.actor = actor_of(incident);
		event.data = json_pack("{s:s}", "by", event.actor);
	} else if (incident->change == INCIDENT_MERGED) {
		event.data = json_pack("{s:s}", "into", situation->storm->id);
	} else {
		event.data = json_pack("{s:O*}", "alerts", incident->fired);
	}
	situation_event(situation, incident, &event);
}

void situation_conclude(struct situation *situation)
{
	for (unsigned i = 0; i < situation->n_incidents; i++)
		conclude(situation, &situation->incidents[i]);
}
