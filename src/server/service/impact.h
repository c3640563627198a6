/*
 * The impact of an incident: which services its alerts are about, and who depends on them.
 *
 * {"services": [{"name", "criticality", "owner", "runbook", "by"}], "affects": [{"name", "kind",
 * "criticality", "through", "depth", "by", "seen"}], "changes": [...]}. "by" of a service is
 * "matchers", "hosts", or "sockets": it was seen to serve on a host that an alert names. "affects"
 * are services, and hosts that belong to none ("kind"), that need one of those, directly (depth 1)
 * or through others: "by" says whether the catalogue declares that, or it is observed: connections
 * were open, last at the time "seen" (flow.h). "changes" are those of change.h that were told of
 * these services and of what they need, newest first.
 */
#pragma once

#include "base/json.h"
#include "server/store/batch.h"

#define IMPACT_MAX_ALERTS 20 /* that are looked at */
#define IMPACT_MAX_DEPTH 5
#define IMPACT_MAX_AFFECTED 64
#define IMPACT_MAX_CHANGES 20
#define IMPACT_CHANGES_S 86400 /* before the incident was opened; and until it was resolved */

/* What impact_make() reads; $1 is the org, $2 and $3 are an incident's id and number. */
#define IMPACT_STEPS 3
void impact_steps(const struct store_value params[3], struct store_step steps_out[IMPACT_STEPS]);

/* 'alerts' are the incident's as incident_read() has them; a new reference. */
json_t *impact_make(const struct store_rows rows[IMPACT_STEPS], const json_t *alerts);
/* The same out of what incident_read() gives, without empty lists; a new reference. */
json_t *impact_of(const json_t *incident);
