/*
 * Alerts in: integrations, which are systems outside with a secret of their own, and what
 * they deliver.
 *
 * POST /api/v1/alerts/{integration_id} takes a payload of the integration's kind, proves by
 * its secret who sent it, and turns it into alerts in one form, whatever the kind. Those are
 * handed on; 200 is answered once whoever takes them has them in the store, so that the
 * sender can forget them. What is wrong is a 4xx with one sentence and changes nothing.
 *
 * The one form is JSON, for it goes on to matchers, models and people:
 *
 *   {"integration", "kind",   whose it is: an id, "alertmanager" "grafana" "pagerduty" "generic"
 *    "fingerprint",           the same for the same alert in every delivery, 1..128 bytes
 *    "status",                "firing", "resolved"; or "noted": a remark on it, in "summary"
 *    "name",                  what it is called, 1..256 bytes
 *    "severity",              "critical" "error" "warning" "info"
 *    "summary",               a sentence, or ""
 *    "group",                 what belongs together, by the sender's or our own rule
 *    "starts_at", "ends_at",  RFC 3339; null: not told; not ended
 *    "occurred_at",           of this change, where the sender tells; an older one is late
 *    "labels", "annotations", objects of texts
 *    "links",                 an object of URLs: "source", "dashboard", "silence" ...
 *    "details",               an object of whatever else the kind has
 *    "cut"}                   true where a text or a list was too long and was cut
 *
 * All texts come from outside: valid UTF-8 and bounded, but data, never instructions.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"
#include "server/store/store.h"

#define ALERT_MAX_BODY_BYTES (2 * MIB)
#define ALERT_MAX_DEPTH 16          /* of the JSON of a payload */
#define ALERT_MAX_ALERTS 2000       /* of one delivery */
#define ALERT_MAX_LABELS 64         /* of one alert; annotations as many */
#define ALERT_NAME_BYTES 256        /* of the name of an alert or a label */
#define ALERT_VALUE_BYTES 1024      /* of a label */
#define ALERT_TEXT_BYTES 4096       /* of an annotation, a summary, a link */
#define ALERT_ITEM_BYTES (64 * KIB) /* of all of one alert, as JSON */
#define ALERT_OVERLAP_S 86400       /* how long the old secret is good after a rotation */
#define ALERT_SKEW_S 300            /* of a signature's timestamp */
#define ALERT_MAX_INTEGRATIONS 200  /* of an org */
#define ALERT_DELIVERIES_KEPT_NS (7 * 86400 * NS_PER_SEC)

struct exchange;
struct vault;

/* What came in one delivery; lives until its 'done' was called. */
struct alert_delivery {
	const char *org;
	const char *integration;
	const json_t *alerts; /* an array of what is described above, in the sender's order */

	/*
	 * Steps of the alert's own for the same batch of the store as the last of the alerts:
	 * that the delivery came, so that a replay of it is known. $1 is the org.
	 */
	const struct store_step *steps;
	unsigned n_steps;
};

/* As store_done, without a result: NULL, or why it was not taken. */
typedef void alert_taken(const struct error *err, void *data);

/* Texts are borrowed. */
struct alert_config {
	struct vault *vault;    /* for secrets that compute signatures */
	const char *public_url; /* for what people paste elsewhere */

	/* Takes a delivery: 'done' comes once, never before this returns, when it is durable. */
	void (*take)(const struct alert_delivery *delivery, alert_taken *done, void *done_data,
		     void *data);
	void *data;
};

/* Since the start. */
struct alert_counters {
	uint64_t deliveries, replays, refused, unauthenticated, failed;
	uint64_t alerts, ignored; /* told; and events of a kind that says nothing about an alert */
};

struct alerts {
	struct alert_config config;
	struct alert_counters counters;
};

/* Removes the ids of deliveries that are too old to be replayed; a step for a batch of all orgs. */
struct store_step alert_upkeep_step(struct store_value params_out[1]);

/* What constable_alert_* says in /metrics. */
void alert_metrics(const struct alerts *alerts, struct buf *page);
