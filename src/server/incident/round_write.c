/* What a round decided, as steps of one batch: the org's clock first, all else hangs on it. */
#include <string.h>

#include "base/clock.h"
#include "server/incident/incident_internal.h"

static const char first_clock_sql[] =
	"INSERT INTO incident_clocks (org, version, last_number, last_seq) "
	"VALUES ($1, 1, $2, $3)";
static const char clock_sql[] = "UPDATE incident_clocks SET version = version + 1, "
				"last_number = $3, last_seq = $4 WHERE org = $1 AND version = $2";
static const char incident_sql[] =
	"INSERT INTO incidents (org, id, number, state, severity, integration, opened, updated, "
	"correlation, title) VALUES ($1, $2, $3, 'open', 'info', $4, $5, $5, $6, $7)";
static const char alert_sql[] =
	"INSERT INTO alerts (org, id, incident, integration, fingerprint, status, severity, "
	"starts, ends, occurred, received, updated, name, data) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13)";
static const char told_sql[] =
	"UPDATE alerts SET status = $3, severity = $4, starts = $5, ends = $6, occurred = $7, "
	"updated = $8, n_received = n_received + 1, n_flaps = n_flaps + $9, name = $10, "
	"data = $11 WHERE org = $1 AND id = $2";
static const char event_sql[] =
	"INSERT INTO incident_events (org, seq, incident, time, kind, actor, change, claimed, "
	"data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
static const char move_sql[] = "UPDATE alerts SET incident = $3 WHERE org = $1 AND incident = $2";
/* Counted from the alerts themselves. It settles when none fires, and not while one does. */
static const char touched_sql[] =
	"UPDATE incidents SET state = $3, severity = $4, updated = $5, resolved = $6, "
	"resolved_by = $7, storm_until = $8, merged_into = COALESCE($9, merged_into), "
	"n_events = n_events + $10, n_dropped = n_dropped + $11, title = $12, "
	"n_alerts = (SELECT COUNT(*) FROM alerts a WHERE a.org = $1 AND a.incident = $2), "
	"n_firing = (SELECT COUNT(*) FROM alerts a WHERE a.org = $1 AND a.incident = $2 "
	"AND a.status = 'firing'), "
	"settles = CASE WHEN CAST($3 AS TEXT) = 'open' AND NOT EXISTS (SELECT 1 FROM alerts a "
	"WHERE a.org = $1 AND a.incident = $2 AND a.status = 'firing') "
	"THEN COALESCE(settles, CAST($13 AS BIGINT)) END "
	"WHERE org = $1 AND id = $2";

static struct store_value time_or_null(int64_t time)
{
	return time ? store_int(time) : store_null();
}

static void write_clock(struct round_batch *batch, const struct situation *situation,
			const char *org)
{
	if (situation->version)
		ROUND_ADD(batch, STORE_SOME, clock_sql, store_text(org),
			  store_int(situation->version), store_int(situation->last_number),
			  store_int(situation->last_seq));
	else
		ROUND_ADD(batch, STORE_SOME, first_clock_sql, store_text(org),
			  store_int(situation->last_number), store_int(situation->last_seq));
}

static void write_new(struct round_batch *batch, const struct situation *situation, const char *org)
{
	for (unsigned i = 0; i < situation->n_incidents; i++) {
		const struct incident_row *row = &situation->incidents[i];

		if (row->is_new)
			ROUND_ADD(batch, STORE_SOME, incident_sql, store_text(org),
				  store_text(row->id), store_int(row->number),
				  store_text(row->integration), store_int(row->opened),
				  store_text(row->correlation), store_text(row->title));
	}
}

/* Texts that are made here live as long as the array. */
static struct store_value keep_text(json_t *texts, const json_t *json)
{
	CLEANUP(text) char *text = json_canonical(json);

	json_push(texts, json_string(text));
	return store_text(json_string_value(json_array_get(texts, json_array_size(texts) - 1)));
}

static int64_t end_of(const json_t *alert, int64_t now)
{
	const char *text = json_get_text(alert, "ends_at", NULL);
	uint64_t time_ns;

	return text && clock_parse(text, &time_ns) ? (int64_t)time_ns : now;
}

static void write_alert(struct round_batch *batch, const struct situation *situation,
			const struct alert_row *row, const char *org, json_t *texts)
{
	const struct store_value status = store_text(row->is_firing ? "firing" : "resolved");
	const struct store_value severity = store_text(json_get_text(row->told, "severity", ""));
	const struct store_value name = store_text(json_get_text(row->told, "name", ""));
	const struct store_value starts = store_int(row->starts);
	const struct store_value ends =
		time_or_null(row->is_firing ? 0 : end_of(row->told, situation->now));
	const struct store_value occurred = time_or_null(row->occurred);

	if (row->is_new)
		ROUND_ADD(batch, STORE_SOME, alert_sql, store_text(org), store_text(row->id),
			  store_text(row->incident->id), store_text(row->integration),
			  store_text(row->fingerprint), status, severity, starts, ends, occurred,
			  store_int(situation->now), name, keep_text(texts, row->told));
	else
		ROUND_ADD(batch, STORE_SOME, told_sql, store_text(org), store_text(row->id), status,
			  severity, starts, ends, occurred, store_int(situation->now),
			  store_int(row->has_flapped), name, keep_text(texts, row->told));
}

static void write_event(struct round_batch *batch, const struct situation *situation,
			const struct event_row *row, const char *org, json_t *texts)
{
	bool is_change = row->change != SITUATION_NO_CHANGE;
	const char *change =
		is_change ? incident_change_name((enum incident_change)row->change) : NULL;

	ROUND_ADD(batch, STORE_SOME, event_sql, store_text(org), store_int(row->seq),
		  store_text(row->incident->id), store_int(situation->now), store_text(row->kind),
		  store_text(row->actor), store_text(change),
		  is_change ? store_int(situation->now + (int64_t)INCIDENT_LEASE_NS) : store_null(),
		  keep_text(texts, row->data));
}

static void write_touched(struct round_batch *batch, const struct situation *situation,
			  const struct incident_row *row, const char *org)
{
	bool is_merged = row->change == INCIDENT_MERGED;

	ROUND_ADD(batch, STORE_SOME, touched_sql, store_text(org), store_text(row->id),
		  store_text(incident_state_name(row->state)), store_text(row->severity),
		  store_int(row->updated), time_or_null(row->resolved),
		  store_text(*row->resolved_by ? row->resolved_by : NULL),
		  time_or_null(row->storm_until),
		  store_text(is_merged ? situation->storm->id : NULL), store_int(row->n_new_events),
		  store_int(row->n_dropped), store_text(row->title),
		  store_int(situation->now + (int64_t)situation->rules->settle_ns));
}

static void write_move(struct round_batch *batch, const char *org, const char *child,
		       const char *parent)
{
	ROUND_ADD(batch, STORE_ANY, move_sql, store_text(org), store_text(child),
		  store_text(parent));
}

void round_write(struct round_batch *batch, const struct situation *situation, const char *org,
		 json_t *texts)
{
	write_clock(batch, situation, org);
	write_new(batch, situation, org);
	for (unsigned i = 0; i < situation->n_incidents; i++)
		if (situation->incidents[i].change == INCIDENT_MERGED)
			write_move(batch, org, situation->incidents[i].id, situation->storm->id);
	for (unsigned i = 0; i < situation->n_alerts; i++)
		if (situation->alerts[i].is_touched)
			write_alert(batch, situation, &situation->alerts[i], org, texts);
	for (unsigned i = 0; i < situation->n_events; i++)
		write_event(batch, situation, &situation->events[i], org, texts);
	for (unsigned i = 0; i < situation->n_incidents; i++)
		if (situation->incidents[i].is_touched)
			write_touched(batch, situation, &situation->incidents[i], org);
}
