#include "server/incident/incident.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/incident/incident_internal.h"

#define SETTLE_NS (60 * NS_PER_SEC)
#define FLAP_NS (600 * NS_PER_SEC)
#define JOIN_NS (3600 * NS_PER_SEC)
#define STORM_NS (60 * NS_PER_SEC)
#define STORM_INCIDENTS 10

static const char handled_sql[] =
	"UPDATE incident_events SET handled = $3 WHERE org = $1 AND seq = $2";
static const char old_alerts_sql[] =
	"DELETE FROM alerts WHERE EXISTS (SELECT 1 FROM incidents i WHERE i.org = alerts.org "
	"AND i.id = alerts.incident AND i.resolved < $1)";
static const char old_events_sql[] =
	"DELETE FROM incident_events WHERE EXISTS (SELECT 1 FROM incidents i "
	"WHERE i.org = incident_events.org AND i.id = incident_events.incident "
	"AND i.resolved < $1)";
static const char old_incidents_sql[] =
	"DELETE FROM incidents WHERE resolved IS NOT NULL AND resolved < $1";

static void handle_refusals(int fd UNUSED, short what UNUSED, void *data)
{
	struct incidents *incidents = data;
	struct job *job = incidents->refused;

	incidents->refused = NULL;
	while (job) {
		struct job *next = job->next;

		job_end(job, NULL); /* its failure says why */
		job = next;
	}
}

struct incidents *incidents_new(const struct incident_config *config)
{
	struct incidents *incidents = calloc(1, sizeof(*incidents));

	if (!incidents)
		abort();
	incidents->config = *config;
#define DEFAULT(member, value)         \
	if (!incidents->config.member) \
	incidents->config.member = (value)
	DEFAULT(settle_ns, SETTLE_NS);
	DEFAULT(flap_ns, FLAP_NS);
	DEFAULT(join_ns, JOIN_NS);
	DEFAULT(storm_ns, STORM_NS);
	DEFAULT(storm_incidents, STORM_INCIDENTS);
#undef DEFAULT
	incidents->refusals = evtimer_new(config->base, handle_refusals, incidents);
	incidents->sweep = evtimer_new(config->base, sweep_handle_timer, incidents);
	if (!incidents->refusals || !incidents->sweep)
		abort();
	return incidents;
}

void incidents_free(struct incidents *incidents)
{
	if (!incidents)
		return;
	if (incidents->is_sweeping)
		store_forget(incidents->config.store, incidents->sweep_ticket);
	org_queues_free(incidents);
	event_free(incidents->refusals);
	event_free(incidents->sweep);
	free(incidents);
}

void incidents_start(struct incidents *incidents)
{
	incidents->takes_all = incidents->config.is_alone && !incidents->is_started;
	incidents->is_started = 1;
	sweep_by(incidents, clock_wall_ns());
}

void incident_take(struct incidents *incidents, const struct incident_intake *intake,
		   incident_done *done, void *data)
{
	struct job *job = job_new(JOB_TAKE, done, data);

	job->intake = *intake;
	org_queue_add(incidents, intake->org, job);
}

void incident_resolve(struct incidents *incidents, const struct incident_resolution *resolution,
		      incident_done *done, void *data)
{
	struct job *job = job_new(JOB_RESOLVE, done, data);

	text_format(job->incident, sizeof(job->incident), "%s", resolution->incident);
	text_format(job->actor, sizeof(job->actor), "%s", resolution->actor);
	job->intake.steps = resolution->record;
	job->intake.n_steps = 1;
	org_queue_add(incidents, resolution->org, job);
}

void incident_note(struct incidents *incidents, const struct incident_entry *entry,
		   incident_done *done, void *data)
{
	struct job *job = job_new(JOB_NOTE, done, data);
	size_t len = entry->text ? strlen(entry->text) : 0;

	text_format(job->incident, sizeof(job->incident), "%s", entry->incident);
	text_format(job->actor, sizeof(job->actor), "%s", entry->actor);
	text_format(job->word, sizeof(job->word), "%s", entry->kind);
	job->json = entry->data ? entry->data : json_object();
	if (entry->text)
		json_put(job->json, "text",
			 json_text(entry->text,
				   len < INCIDENT_NOTE_BYTES ? len : INCIDENT_NOTE_BYTES));
	org_queue_add(incidents, entry->org, job);
}

static void handle_marked(const struct store_result *result UNUSED, const struct error *err,
			  void *data UNUSED)
{
	/* It is told again then: who handles changes does so more than once. */
	if (err)
		log_warn("a handled change of an incident could not be marked: %s", err->text);
}

void incident_handled(struct incidents *incidents, const char *org, int64_t seq)
{
	const struct store_value params[] = { store_text(org), store_int(seq),
					      store_int((int64_t)clock_wall_ns()) };
	const struct store_step step = { handled_sql, params, ARRAY_LEN(params), STORE_ANY };

	(void)store_submit(incidents->config.store,
			   &(struct store_batch) { .org = org, .steps = &step, .n_steps = 1 },
			   handle_marked, NULL);
}

void incident_tell(struct incidents *incidents, const char *org, const struct event_row *event)
{
	const struct incident_news news = {
		.org = org,
		.incident = event->incident->id,
		.seq = event->seq,
		.change = (enum incident_change)event->change,
		.data = event->data,
	};

	if (incidents->config.changed)
		incidents->config.changed(&news, incidents->config.data);
}

void incident_upkeep_steps(struct store_value params_out[1],
			   struct store_step steps_out[INCIDENT_UPKEEP_STEPS])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - INCIDENT_KEPT_NS));
	steps_out[0] = (struct store_step) { old_alerts_sql, params_out, 1, STORE_ANY };
	steps_out[1] = (struct store_step) { old_events_sql, params_out, 1, STORE_ANY };
	steps_out[2] = (struct store_step) { old_incidents_sql, params_out, 1, STORE_ANY };
}

void incident_metrics(const struct incidents *incidents, struct buf *page)
{
	const struct incident_counters *counters = &incidents->counters;
	const struct {
		const char *name;
		uint64_t n;
	} rows[] = {
		{ "incidents_opened", counters->opened },
		{ "incidents_joined", counters->joined },
		{ "incidents_reopened", counters->reopened },
		{ "incidents_resolved", counters->resolved },
		{ "incidents_merged", counters->merged },
		{ "incident_alert_repeats", counters->repeats },
		{ "incident_alert_flaps", counters->flaps },
		{ "incident_alerts_late", counters->late },
		{ "incident_alerts_unknown", counters->unknown },
		{ "incident_alerts_dropped", counters->dropped },
		{ "incident_conflicts", counters->conflicts },
		{ "incident_changes_told_again", counters->told_again },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		buf_add_format(page, "# TYPE constable_%s_total counter\nconstable_%s_total %llu\n",
			       rows[i].name, rows[i].name, (unsigned long long)rows[i].n);
}
