/* A storm: what opened within a short time becomes one incident, with all their alerts. */
#include <string.h>

#include "server/incident/incident_internal.h"

#define PREFIX "Storm: "

static struct incident_row *choose(struct situation *situation, struct incident_row *oldest)
{
	if (situation->storm)
		return situation->storm;
	if (situation->n_opened_lately < (int64_t)situation->rules->storm_incidents)
		return NULL;
	return oldest;
}

static void begin(struct situation *situation, struct incident_row *storm)
{
	char title[SITUATION_TITLE_BYTES];

	situation->storm = storm;
	storm->is_touched = true;
	storm->updated = situation->now;
	if (!storm->storm_until && strlen(storm->title) + sizeof(PREFIX) < sizeof(title)) {
		text_format(title, sizeof(title), PREFIX "%s", storm->title);
		text_format(storm->title, sizeof(storm->title), "%s", title);
	}
	storm->storm_until = situation->now + (int64_t)situation->rules->storm_ns;
}

static void merge(struct situation *situation, struct incident_row *child)
{
	child->is_touched = true;
	child->state = INCIDENT_ELSEWHERE;
	child->change = INCIDENT_MERGED;
	child->updated = situation->now;
	child->resolved = situation->now;
	text_format(child->resolved_by, sizeof(child->resolved_by), "%s", "storm");
	situation_raise(situation->storm, child->severity);
}

void storm_decide(struct situation *situation, const struct store_rows *opened)
{
	struct incident_row *storm = choose(situation, round_load_incident(situation, opened, 0));
	struct event_row event = { .kind = "storm",
				   .actor = "constable",
				   .change = INCIDENT_JOINED };
	json_t *merged;

	if (!storm || opened->n_rows == 0)
		return;
	begin(situation, storm);
	merged = json_array();
	for (unsigned i = 0; i < opened->n_rows; i++) {
		struct incident_row *child = round_load_incident(situation, opened, i);

		if (child == storm)
			continue;
		merge(situation, child);
		json_push(merged, json_string(child->id));
	}
	event.data = json_pack("{s:o}", "incidents", merged);
	situation_event(situation, storm, &event);
}
