/*
 * What the store knows of the incidents that a few alerts may concern, and what becomes of
 * it: all of deciding, and nothing of store or clock. See incident.h for the rules.
 */
#pragma once

#include "server/incident/incident.h"

#define SITUATION_SIGNALS 10 /* alerts that are decided at once */
#define SITUATION_ROWS (3 * SITUATION_SIGNALS + 2)
#define SITUATION_EVENTS (SITUATION_SIGNALS + 2)
#define SITUATION_KEY_BYTES 640 /* of a correlation */
#define SITUATION_TITLE_BYTES 512
#define SITUATION_NO_CHANGE (-1)

enum incident_state {
	INCIDENT_OPEN,
	INCIDENT_CLOSED,    /* "resolved" */
	INCIDENT_ELSEWHERE, /* "merged": its alerts are in another */
};

const char *incident_state_name(enum incident_state state);
enum incident_state incident_state_from_name(const char *name);

/* Zeroed members are those of no news. Times are nanoseconds, wall clock; 0: none. */
struct incident_row {
	char id[INCIDENT_ID_BYTES], integration[INCIDENT_ID_BYTES];
	char correlation[SITUATION_KEY_BYTES], title[SITUATION_TITLE_BYTES];
	char severity[16], resolved_by[INCIDENT_ID_BYTES + 16];
	enum incident_state state;
	int64_t number, opened, updated, resolved, settles, storm_until, n_alerts, n_events;

	/* What is to be written. */
	bool is_new, is_touched;
	unsigned n_dropped, n_new_events;
	int change;            /* enum incident_change, or SITUATION_NO_CHANGE */
	json_t *fired, *ended; /* ids of alerts, or NULL */
};

struct alert_row {
	char id[INCIDENT_ID_BYTES], integration[INCIDENT_ID_BYTES], fingerprint[129];
	struct incident_row *incident;
	bool is_firing;
	int64_t starts, occurred;

	bool is_new, is_touched, has_flapped;
	const json_t *told; /* the alert, borrowed */
};

struct event_row {
	struct incident_row *incident;
	const char *kind, *actor; /* constants, or of the signal's life */
	int change;
	json_t *data;
	int64_t seq;
};

/* A key that led to an incident which is in this one now. */
struct alias_row {
	char key[SITUATION_KEY_BYTES];
	struct incident_row *incident;
};

struct situation {
	const struct incident_config *rules;
	int64_t now;
	/* The org's clock as it was read; numbers are taken from it. */
	int64_t version, last_number, last_seq;
	int64_t n_opened_lately; /* and are open: what makes a storm */
	struct incident_row *storm;

	struct incident_row incidents[SITUATION_ROWS];
	struct alert_row alerts[SITUATION_ROWS];
	struct event_row events[SITUATION_EVENTS];
	struct alias_row aliases[SITUATION_SIGNALS];
	unsigned n_incidents, n_alerts, n_events, n_aliases;
	char actors[SITUATION_SIGNALS][INCIDENT_ID_BYTES + 16];
	unsigned n_actors;

	/* Since it began. */
	unsigned n_opened, n_joined, n_repeats, n_flaps, n_late, n_unknown, n_dropped;
};

/* Never NULL. 'rules' has no zeroes. */
struct situation *situation_new(const struct incident_config *rules, uint64_t now_ns);
void situation_free(struct situation *situation);

/* The row of that id, or a new one to be filled, which has no news. */
struct incident_row *situation_incident(struct situation *situation, const char *id);
/* NULL: not known, neither from the store nor since. */
struct alert_row *situation_find_alert(struct situation *situation, const char *integration,
				       const char *fingerprint);
struct alert_row *situation_add_alert(struct situation *situation);

void situation_add_alias(struct situation *situation, const char *key,
			 struct incident_row *incident);

/* What an alert is joined by, within its integration. */
void situation_key(const char *integration, const json_t *alert, char key_out[SITUATION_KEY_BYTES]);

/* Decides one alert; 'alert' is borrowed as long as the situation lives. */
void situation_signal(struct situation *situation, const char *integration, const json_t *alert);

/* An incident is as severe as the worst of what is in it. */
void situation_raise(struct incident_row *incident, const char *severity);

/* What an incident does by itself or by a person; false where it is not open. */
bool situation_resolve(struct situation *situation, struct incident_row *incident,
		       const char *actor);
/* Takes the reference of 'data'. */
void situation_event(struct situation *situation, struct incident_row *incident,
		     const struct event_row *event);

/* Whether so many have opened that they are one storm. */
bool situation_is_storm(const struct situation *situation);

/* Makes the events of what was decided, and gives each its number. */
void situation_conclude(struct situation *situation);
