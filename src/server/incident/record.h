/* An incident, its alerts and its timeline as the API shows them. */
#pragma once

#include "server/api/exchange.h"
#include "server/incident/incident.h"
#include "server/service/impact.h"

#define RECORD_ALERTS 100 /* that are shown with an incident; and events */
#define RECORD_EVENTS 200
#define RECORD_STEPS (4 + IMPACT_STEPS)

/* The steps that read one by its id or number; 'params_out' lives until they were submitted. */
struct record_query {
	struct store_value params[4];
	struct store_step steps[RECORD_STEPS];
};

void incident_record_ask(struct record_query *query, const char *org, const char *id);
/* NULL: there is none. */
json_t *incident_record_read(const struct store_result *result);

extern const struct column record_columns[], record_alert_columns[], record_event_columns[];

#define RECORD_COLUMNS                                                                         \
	"id, number, state, title, severity, integration, opened, updated, resolved, "         \
	"resolved_by, settles, CASE WHEN storm_until IS NULL THEN 0 ELSE 1 END, merged_into, " \
	"n_alerts, n_firing, n_dropped"
#define RECORD_ALERT_COLUMNS                                                                      \
	"id, status, severity, name, fingerprint, integration, starts, ends, received, updated, " \
	"n_received, n_flaps, data"
#define RECORD_EVENT_COLUMNS "seq, time, kind, actor, data"

/* The incident that $2 (id) or $3 (number, or 0) names. */
#define RECORD_ID \
	"(SELECT id FROM incidents WHERE org = $1 AND (id = $2 OR (number = $3 AND number > 0)))"

#define RECORD_NAMES "\"id\",\"number\",\"state\",\"title\",\"severity\",\"opened\""
#define RECORD_MEMBERS                                                                         \
	"\"id\":" SCHEMA_TEXT ",\"number\":" SCHEMA_COUNT                                      \
	",\"state\":{\"enum\":[\"open\",\"resolved\",\"merged\"]},\"title\":" SCHEMA_TEXT      \
	",\"severity\":{\"enum\":[\"critical\",\"error\",\"warning\",\"info\"]}"               \
	",\"integration\":" SCHEMA_TEXT ",\"opened\":" SCHEMA_TEXT ",\"updated\":" SCHEMA_TEXT \
	",\"resolved\":" SCHEMA_NULL_TEXT ",\"resolved_by\":" SCHEMA_NULL_TEXT                 \
	",\"settles\":" SCHEMA_NULL_TEXT ",\"storm\":" SCHEMA_FLAG                             \
	",\"merged_into\":" SCHEMA_NULL_TEXT ",\"n_alerts\":" SCHEMA_COUNT                     \
	",\"n_firing\":" SCHEMA_COUNT ",\"n_dropped\":" SCHEMA_COUNT
#define RECORD_ALERT                                                                          \
	SCHEMA_GIVES("\"id\",\"status\",\"name\",\"alert\"",                                  \
		     "\"id\":" SCHEMA_TEXT ",\"status\":{\"enum\":[\"firing\",\"resolved\"]}" \
		     ",\"severity\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT                    \
		     ",\"fingerprint\":" SCHEMA_TEXT ",\"integration\":" SCHEMA_TEXT          \
		     ",\"starts\":" SCHEMA_TEXT ",\"ends\":" SCHEMA_NULL_TEXT                 \
		     ",\"received\":" SCHEMA_TEXT ",\"updated\":" SCHEMA_TEXT                 \
		     ",\"n_received\":" SCHEMA_COUNT ",\"n_flaps\":" SCHEMA_COUNT             \
		     ",\"alert\":{\"type\":\"object\"}")
#define RECORD_EVENT                                                                           \
	SCHEMA_GIVES("\"seq\",\"time\",\"kind\",\"actor\",\"data\"",                           \
		     "\"seq\":" SCHEMA_COUNT ",\"time\":" SCHEMA_TEXT ",\"kind\":" SCHEMA_TEXT \
		     ",\"actor\":" SCHEMA_TEXT ",\"data\":{\"type\":\"object\"}")
