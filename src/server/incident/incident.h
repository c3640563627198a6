/*
 * Incidents: what alerts are about.
 *
 * An alert that fires joins, in this order: the incident that has its fingerprint, if that is
 * open or was resolved within the flap time (then it is opened again); the one of the same
 * group ("group" of the alert, within the integration) that is open and had news within the
 * join time, or was resolved within the flap time; a storm that is going on; else it
 * opens one. Where 'storm_alerts' incidents open within the storm time, the oldest of them
 * becomes a storm: it takes over the alerts of the others, which stay visible in it, and
 * whatever new comes while it lasts. A repeat is counted. When all alerts of an incident have
 * resolved, it does so itself after the settle time; a person can do it before.
 *
 * Memory decides nothing: each change is read, decided and written as one batch that only
 * holds if the org's clock in the store stands where it was read, else it is decided anew. So
 * several servers on one database, and one that was killed, never make two of one.
 *
 * What changed is told to 'changed', at least once, also after a restart: a change is a row of
 * incident_events with 'change' that stays open until incident_handled(). The server that
 * wrote it has it first, for INCIDENT_LEASE_NS; whatever is open then, any server takes over.
 */
#pragma once

#include <event2/event.h>

#include "base/buf.h"
#include "base/json.h"
#include "server/store/store.h"

#define INCIDENT_ID_BYTES 65
#define INCIDENT_MAX_ALERTS 5000  /* of one; more are counted in n_dropped */
#define INCIDENT_MAX_EVENTS 5000  /* of one that alerts make; more are not kept */
#define INCIDENT_MAX_WAITING 4096 /* deliveries of an org; beyond: -EBUSY */
#define INCIDENT_MAX_WAITING_ALERTS 20000
#define INCIDENT_NOTE_BYTES (16 * KIB)
#define INCIDENT_LEASE_NS (60 * NS_PER_SEC)
#define INCIDENT_KEPT_NS (400 * 86400 * NS_PER_SEC) /* after it was resolved */

struct incidents;

enum incident_change {
	INCIDENT_OPENED,
	INCIDENT_JOINED, /* by one alert or more that it did not have, or that fire again */
	INCIDENT_REOPENED,
	INCIDENT_RESOLVED,
	INCIDENT_MERGED, /* into another, which is told as joined: it ends here */
};

/* "opened" ...: as the column 'change' and the API say it. */
const char *incident_change_name(enum incident_change change);

struct incident_news {
	const char *org;
	const char *incident; /* its id; read it with incident_read() */
	int64_t seq;          /* for incident_handled(); grows with each event of the org */
	enum incident_change change;
	/* Of the event: {"alerts": [id, ...], "into": id, "by": who} as the change has it. */
	const json_t *data;
};

struct incident_config {
	struct event_base *base;
	struct store *store;
	/* 0 stands for what is in brackets. */
	uint64_t settle_ns;       /* [60 s] */
	uint64_t flap_ns;         /* [10 min] */
	uint64_t join_ns;         /* [1 h] */
	uint64_t storm_ns;        /* [1 min] */
	unsigned storm_incidents; /* [10] */
	int is_alone; /* no other server has this database: a restart waits for no lease */

	/*
	 * From the loop, in the order of 'seq' within an org unless one was left open. Borrowed
	 * until it returns; incident_handled() may be called from within. Several servers: one is
	 * told.
	 */
	void (*changed)(const struct incident_news *news, void *data);
	void *data;
};

/* Copied. Never NULL. Begins to work with incident_start(). */
struct incidents *incidents_new(const struct incident_config *config);
/* No callback comes afterwards, what waited is dropped: its senders were never answered. */
void incidents_free(struct incidents *incidents);
/* Once the store is ready; again when it came back. */
void incidents_start(struct incidents *incidents);

/* What came at once from one integration; all of it lives until 'done'. See alert/alert.h. */
struct incident_intake {
	const char *org;
	const char *integration;
	const json_t *alerts;           /* in the form that alert/alert.h describes */
	const struct store_step *steps; /* for the batch with the last of them; at most 4 */
	unsigned n_steps;
};

/* NULL, or why nothing or not all of it is there: then the sender sends all of it again. */
typedef void incident_done(const struct error *err, void *data);

/* 'done' comes once, never before this returns, when all of it is in the store. */
void incident_take(struct incidents *incidents, const struct incident_intake *intake,
		   incident_done *done, void *data);

/*
 * What a person does. 'actor' is "key/ID"; 'record' is for the same batch, and lives until 'done';
 * -ENOENT, -EALREADY (it is resolved).
 */
struct incident_resolution {
	const char *org, *incident, *actor;
	const struct store_step *record;
};
void incident_resolve(struct incidents *incidents, const struct incident_resolution *resolution,
		      incident_done *done, void *data);

/*
 * An entry of the timeline: 'kind' is a word such as "note", "investigation", "report",
 * "delivery"; 'text' becomes {"text"} of at most INCIDENT_NOTE_BYTES, 'data' (taken, or NULL)
 * its other members.
 */
struct incident_entry {
	const char *org, *incident, *actor, *kind, *text;
	json_t *data;
};
void incident_note(struct incidents *incidents, const struct incident_entry *entry,
		   incident_done *done, void *data);

/* What the change asked for is done, or is durable elsewhere: it is not told again. */
void incident_handled(struct incidents *incidents, const char *org, int64_t seq);

/*
 * One as GET /api/v1/incidents/{id} has it, by id or number, with at most 100 of its alerts,
 * firing ones first, the newest 200 events, and its impact (service/impact.h). 'incident' is
 * borrowed; NULL with 'err'.
 */
typedef void incident_got(const json_t *incident, const struct error *err, void *data);
void incident_read(struct store *store, const char *org, const char *id, incident_got *done,
		   void *data);

/* Removes what was resolved long ago: for a batch of all orgs, in this order. */
#define INCIDENT_UPKEEP_STEPS 3
void incident_upkeep_steps(struct store_value params_out[1],
			   struct store_step steps_out[INCIDENT_UPKEEP_STEPS]);

void incident_metrics(const struct incidents *incidents, struct buf *page);
