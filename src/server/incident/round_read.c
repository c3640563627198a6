/* What a round looks at before it decides. */
#include <string.h>

#include "base/clock.h"
#include "server/incident/incident_internal.h"

/* In the order that load() wants. */
#define COLUMNS(i)                                                                       \
	i ".id, " i ".integration, " i ".correlation, " i ".title, " i ".severity, "     \
	  "COALESCE(" i ".resolved_by, ''), " i ".state, " i ".number, " i ".opened, " i \
	  ".updated, COALESCE(" i ".resolved, 0), COALESCE(" i ".storm_until, 0), " i    \
	  ".n_alerts, " i ".n_events, COALESCE(" i ".settles, 0)"

static const char clock_sql[] =
	"SELECT version, last_number, last_seq FROM incident_clocks WHERE org = $1";
static const char fingerprint_sql[] = "SELECT " COLUMNS(
	"i") ", a.id, a.status, a.starts, COALESCE(a.occurred, 0) "
	     "FROM alerts a JOIN incidents i ON i.org = a.org AND i.id = a.incident "
	     "WHERE a.org = $1 AND a.integration = $2 AND a.fingerprint = $3 "
	     "ORDER BY a.received DESC, a.id LIMIT 1";
static const char group_sql[] = "SELECT " COLUMNS(
	"p") " FROM incidents c "
	     "JOIN incidents p ON p.org = c.org AND p.id = COALESCE(c.merged_into, c.id) "
	     "WHERE c.org = $1 AND c.correlation = CAST($2 AS TEXT) || ' ' || CAST($3 AS TEXT) "
	     "ORDER BY c.updated DESC, c.id LIMIT 1";
static const char storm_sql[] =
	"SELECT " COLUMNS("i") " FROM incidents i WHERE i.org = $1 AND i.storm_until >= $2 "
			       "AND i.state = 'open' ORDER BY i.opened, i.id LIMIT 1";
static const char lately_sql[] = "SELECT COUNT(*) FROM incidents WHERE org = $1 "
				 "AND opened >= $2 AND state = 'open' AND storm_until IS NULL";
static const char opened_sql[] =
	"SELECT " COLUMNS("i") " FROM incidents i WHERE i.org = $1 AND i.opened >= $2 "
			       "AND i.state = 'open' AND i.storm_until IS NULL ORDER BY i.number "
			       "LIMIT 10"; /* STORM_ROWS
					    */
static const char one_sql[] =
	"SELECT " COLUMNS("i") " FROM incidents i WHERE i.org = $1 "
			       "AND (i.id = $2 OR (i.number = $3 AND i.number > 0))";

#define N_COLUMNS 15

void round_batch_add(struct round_batch *batch, enum store_expect expect, const char *sql,
		     const struct store_value *values, unsigned n)
{
	struct store_value *params = batch->values + batch->n_values;

	if (batch->n_steps == ROUND_STEPS || batch->n_values + n > ROUND_VALUES)
		abort();
	memcpy(params, values, n * sizeof(*values));
	batch->n_values += n;
	batch->steps[batch->n_steps++] = (struct store_step) {
		.sql = sql, .params = params, .n_params = n, .expect = expect
	};
}

void round_read_clock(struct round_batch *batch, const char *org)
{
	ROUND_ADD(batch, STORE_ANY, clock_sql, store_text(org));
}

void round_read_signal(struct round_batch *batch, const char *org, const char *integration,
		       const json_t *alert)
{
	ROUND_ADD(batch, STORE_ANY, fingerprint_sql, store_text(org), store_text(integration),
		  store_text(json_get_text(alert, "fingerprint", "")));
	/* The key as the database puts it together: nothing has to live until then. */
	ROUND_ADD(batch, STORE_ANY, group_sql, store_text(org), store_text(integration),
		  store_text(json_get_text(alert, "group", "")));
}

static int64_t since(const struct situation *situation)
{
	return situation->now - (int64_t)situation->rules->storm_ns;
}

void round_read_lately(struct round_batch *batch, const struct situation *situation,
		       const char *org)
{
	ROUND_ADD(batch, STORE_ANY, storm_sql, store_text(org), store_int(situation->now));
	ROUND_ADD(batch, STORE_ANY, lately_sql, store_text(org), store_int(since(situation)));
}

void round_read_opened(struct round_batch *batch, const struct situation *situation,
		       const char *org)
{
	ROUND_ADD(batch, STORE_ANY, opened_sql, store_text(org), store_int(since(situation)));
}

void round_read_incident(struct round_batch *batch, const char *org, const char *id)
{
	const char *at = id;
	int64_t number = 0;

	if (!scan_i64(&at, &number) || *at)
		number = 0;
	ROUND_ADD(batch, STORE_ANY, one_sql, store_text(org), store_text(id), store_int(number));
}

void round_load_clock(struct situation *situation, const struct store_rows *rows)
{
	if (rows->n_rows == 0)
		return;
	situation->version = store_int_at(rows, 0, 0);
	situation->last_number = store_int_at(rows, 0, 1);
	situation->last_seq = store_int_at(rows, 0, 2);
}

struct incident_row *round_load_incident(struct situation *situation, const struct store_rows *rows,
					 unsigned row)
{
	struct incident_row *incident;

	if (row >= rows->n_rows)
		return NULL;
	incident = situation_incident(situation, store_text_at(rows, row, 0));
	if (incident->number)
		return incident; /* known, maybe with news */
#define TEXT(member, column)                                          \
	text_format(incident->member, sizeof(incident->member), "%s", \
		    store_text_at(rows, row, column))
	TEXT(integration, 1);
	TEXT(correlation, 2);
	TEXT(title, 3);
	TEXT(severity, 4);
	TEXT(resolved_by, 5);
#undef TEXT
	incident->state = incident_state_from_name(store_text_at(rows, row, 6));
	incident->number = store_int_at(rows, row, 7);
	incident->opened = store_int_at(rows, row, 8);
	incident->updated = store_int_at(rows, row, 9);
	incident->resolved = store_int_at(rows, row, 10);
	incident->storm_until = store_int_at(rows, row, 11);
	incident->n_alerts = store_int_at(rows, row, 12);
	incident->n_events = store_int_at(rows, row, 13);
	incident->settles = store_int_at(rows, row, 14);
	return incident;
}

static void load_alert(struct situation *situation, const struct store_rows *rows,
		       const char *integration, const char *fingerprint)
{
	struct incident_row *incident = round_load_incident(situation, rows, 0);
	struct alert_row *alert;

	if (!incident || situation_find_alert(situation, integration, fingerprint))
		return;
	alert = situation_add_alert(situation);
	alert->incident = incident;
	text_format(alert->integration, sizeof(alert->integration), "%s", integration);
	text_format(alert->fingerprint, sizeof(alert->fingerprint), "%s", fingerprint);
	text_format(alert->id, sizeof(alert->id), "%s", store_text_at(rows, 0, N_COLUMNS));
	alert->is_firing = strcmp(store_text_at(rows, 0, N_COLUMNS + 1), "firing") == 0;
	alert->starts = store_int_at(rows, 0, N_COLUMNS + 2);
	alert->occurred = store_int_at(rows, 0, N_COLUMNS + 3);
}

void round_load_signal(struct situation *situation, const struct store_rows *rows,
		       const char *integration, const json_t *alert)
{
	struct incident_row *incident;
	char key[SITUATION_KEY_BYTES];

	load_alert(situation, &rows[0], integration, json_get_text(alert, "fingerprint", ""));
	incident = round_load_incident(situation, &rows[1], 0);
	situation_key(integration, alert, key);
	if (incident && strcmp(incident->correlation, key) != 0)
		situation_add_alias(situation, key, incident);
}

void round_load_lately(struct situation *situation, const struct store_rows *rows)
{
	situation->storm = round_load_incident(situation, &rows[0], 0);
	situation->n_opened_lately = store_int_at(&rows[1], 0, 0);
}
