#include "server/incident/record.h"

#include <errno.h>
#include <stdlib.h>

static const char one_sql[] = "SELECT " RECORD_COLUMNS " FROM incidents WHERE org = $1 "
			      "AND id = " RECORD_ID;
static const char alerts_sql[] =
	"SELECT " RECORD_ALERT_COLUMNS " FROM alerts WHERE org = $1 AND incident = " RECORD_ID
	" ORDER BY status, received, id LIMIT $4";
static const char events_sql[] =
	"SELECT * FROM (SELECT " RECORD_EVENT_COLUMNS " FROM incident_events WHERE org = $1 "
	"AND incident = " RECORD_ID " ORDER BY seq DESC LIMIT 200) AS latest ORDER BY seq";
static const char merged_sql[] =
	"SELECT id, number, title FROM incidents WHERE org = $1 AND merged_into = " RECORD_ID
	" ORDER BY number LIMIT 200";

const struct column record_columns[] = {
	{ "id", COLUMN_TEXT },
	{ "number", COLUMN_INT },
	{ "state", COLUMN_TEXT },
	{ "title", COLUMN_TEXT },
	{ "severity", COLUMN_TEXT },
	{ "integration", COLUMN_TEXT },
	{ "opened", COLUMN_TIME },
	{ "updated", COLUMN_TIME },
	{ "resolved", COLUMN_TIME },
	{ "resolved_by", COLUMN_TEXT },
	{ "settles", COLUMN_TIME },
	{ "storm", COLUMN_FLAG },
	{ "merged_into", COLUMN_TEXT },
	{ "n_alerts", COLUMN_INT },
	{ "n_firing", COLUMN_INT },
	{ "n_dropped", COLUMN_INT },
	{ 0 },
};
const struct column record_alert_columns[] = {
	{ "id", COLUMN_TEXT },          { "status", COLUMN_TEXT },
	{ "severity", COLUMN_TEXT },    { "name", COLUMN_TEXT },
	{ "fingerprint", COLUMN_TEXT }, { "integration", COLUMN_TEXT },
	{ "starts", COLUMN_TIME },      { "ends", COLUMN_TIME },
	{ "received", COLUMN_TIME },    { "updated", COLUMN_TIME },
	{ "n_received", COLUMN_INT },   { "n_flaps", COLUMN_INT },
	{ "alert", COLUMN_JSON },       { 0 },
};
const struct column record_event_columns[] = {
	{ "seq", COLUMN_INT },    { "time", COLUMN_TIME }, { "kind", COLUMN_TEXT },
	{ "actor", COLUMN_TEXT }, { "data", COLUMN_JSON }, { 0 },
};
static const struct column merged_columns[] = {
	{ "id", COLUMN_TEXT }, { "number", COLUMN_INT }, { "title", COLUMN_TEXT }, { 0 }
};

static int64_t number_of(const char *id)
{
	int64_t number;

	return scan_i64(&id, &number) && !*id ? number : 0;
}

void incident_record_ask(struct record_query *query, const char *org, const char *id)
{
	query->params[0] = store_text(org);
	query->params[1] = store_text(id);
	query->params[2] = store_int(number_of(id));
	query->params[3] = store_int(RECORD_ALERTS);
	query->steps[0] = (struct store_step) { one_sql, query->params, 3, STORE_ANY };
	query->steps[1] = (struct store_step) { alerts_sql, query->params, 4, STORE_ANY };
	query->steps[2] = (struct store_step) { events_sql, query->params, 3, STORE_ANY };
	query->steps[3] = (struct store_step) { merged_sql, query->params, 3, STORE_ANY };
	impact_steps(query->params, &query->steps[4]);
}

static json_t *list(const struct store_rows *rows, const struct column *columns)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++)
		json_push(list, exchange_row(rows, i, columns));
	return list;
}

json_t *incident_record_read(const struct store_result *result)
{
	CLEANUP(json) json_t *impact = NULL;
	json_t *record;

	if (result->steps[0].n_rows == 0)
		return NULL;
	record = exchange_row(&result->steps[0], 0, record_columns);
	json_put(record, "alerts", list(&result->steps[1], record_alert_columns));
	json_put(record, "events", list(&result->steps[2], record_event_columns));
	json_put(record, "merged", list(&result->steps[3], merged_columns));
	impact = impact_make(&result->steps[4], json_object_get(record, "alerts"));
	(void)json_object_update(record, impact);
	return record;
}

struct reading {
	incident_got *done;
	void *data;
};

static void handle_read(const struct store_result *result, const struct error *err, void *data)
{
	struct reading *reading = data;
	CLEANUP(json) json_t *record = result ? incident_record_read(result) : NULL;
	struct error none = { 0 };

	if (!err && !record) {
		error_set(&none, -ENOENT, "there is no such incident");
		err = &none;
	}
	reading->done(err ? NULL : record, err, reading->data);
	free(reading);
}

void incident_read(struct store *store, const char *org, const char *id, incident_got *done,
		   void *data)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	struct record_query query;

	if (!reading)
		abort();
	*reading = (struct reading) { done, data };
	incident_record_ask(&query, org, id);
	(void)store_submit(
		store,
		&(struct store_batch) { .org = org, .steps = query.steps, .n_steps = RECORD_STEPS },
		handle_read, reading);
}
