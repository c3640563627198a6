/*
 * A round: read, decide, write. The write holds only if nobody else changed the org's
 * incidents since the read; else the same jobs are decided again on what is there now.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/incident/incident_internal.h"

/* The alert of a job that is decided in this round. */
struct signal {
	const struct job *job;
	const json_t *alert;
};

struct round {
	struct org_queue *queue;
	struct job *jobs[SITUATION_SIGNALS];
	struct signal signals[SITUATION_SIGNALS];
	unsigned n_jobs, n_signals, n_tries;
	size_t n_of_last; /* alerts of the last job that are in it */
	struct situation *situation;
	json_t *texts;
	uint64_t ticket;
	bool has_more; /* incidents to be merged */
};

static void forget(struct round *round)
{
	situation_free(round->situation);
	json_decref(round->texts);
	round->situation = NULL;
	round->texts = NULL;
}

static void look(struct round *round);

static void round_free(struct round *round)
{
	forget(round);
	round->queue->round = NULL;
	free(round);
}

void round_drop(struct round *round)
{
	if (!round)
		return;
	store_forget(round->queue->incidents->config.store, round->ticket);
	for (unsigned i = 0; i < round->n_jobs; i++) {
		round->jobs[i]->done = NULL;
		job_end(round->jobs[i], NULL);
	}
	round_free(round);
}

static size_t n_left(const struct job *job)
{
	return json_array_size(job->intake.alerts) - job->n_taken;
}

static bool is_taken_whole(const struct round *round)
{
	const struct job *last = round->jobs[round->n_jobs - 1];

	return last->kind != JOB_TAKE || round->n_of_last == n_left(last);
}

static void add_alerts(struct round *round, struct job *job)
{
	round->n_of_last = 0;
	while (round->n_signals < SITUATION_SIGNALS && round->n_of_last < n_left(job)) {
		round->signals[round->n_signals++] =
			(struct signal) { job, json_array_get(job->intake.alerts,
							      job->n_taken + round->n_of_last) };
		round->n_of_last++;
	}
}

/* Deliveries that wait go together as far as they fit; everything else goes alone. */
static void fill(struct round *round)
{
	struct org_queue *queue = round->queue;

	do {
		struct job *job = org_queue_pop(queue);

		round->jobs[round->n_jobs++] = job;
		if (job->kind != JOB_TAKE)
			return;
		add_alerts(round, job);
	} while (queue->first && queue->first->kind == JOB_TAKE &&
		 round->n_jobs < queue->n_at_once && round->n_signals < SITUATION_SIGNALS &&
		 is_taken_whole(round));
}

/* Back in front, in their order: what was not decided, or has alerts left. */
static void put_back(struct round *round, unsigned n_done)
{
	for (unsigned i = round->n_jobs; i-- > n_done;)
		org_queue_add_first(round->queue, round->jobs[i]);
}

static void end_failed(struct round *round, const struct error *err)
{
	struct org_queue *queue = round->queue;
	struct job *jobs[SITUATION_SIGNALS];
	unsigned n = round->n_jobs;

	/* One of them may be what the store cannot take: then each on its own. */
	if ((err->code == -EINVAL || err->code == -E2BIG) && n > 1) {
		queue->n_at_once = 1;
		put_back(round, 0);
		round_free(round);
		round_start(queue);
		return;
	}
	memcpy(jobs, round->jobs, sizeof(jobs));
	round_free(round);
	for (unsigned i = 0; i < n; i++)
		job_end(jobs[i], err);
	round_start(queue);
}

static void count(struct round *round)
{
	struct incident_counters *counters = &round->queue->incidents->counters;
	const struct situation *situation = round->situation;

	counters->opened += situation->n_opened;
	counters->joined += situation->n_joined;
	counters->repeats += situation->n_repeats;
	counters->flaps += situation->n_flaps;
	counters->late += situation->n_late;
	counters->unknown += situation->n_unknown;
	counters->dropped += situation->n_dropped;
	for (unsigned i = 0; i < situation->n_incidents; i++) {
		counters->reopened += situation->incidents[i].change == INCIDENT_REOPENED;
		counters->resolved += situation->incidents[i].change == INCIDENT_RESOLVED;
		counters->merged += situation->incidents[i].change == INCIDENT_MERGED;
	}
}

static void tell_changes(struct round *round)
{
	const struct situation *situation = round->situation;

	for (unsigned i = 0; i < situation->n_events; i++)
		if (situation->events[i].change != SITUATION_NO_CHANGE)
			incident_tell(round->queue->incidents, round->queue->org,
				      &situation->events[i]);
}

static void end_well(struct round *round)
{
	struct org_queue *queue = round->queue;
	struct incidents *incidents = queue->incidents;
	struct job *jobs[SITUATION_SIGNALS];
	unsigned n = round->n_jobs;
	bool is_storm = round->has_more ||
			(round->jobs[0]->kind == JOB_TAKE && situation_is_storm(round->situation));

	count(round);
	sweep_by(incidents, clock_wall_ns() + incidents->config.settle_ns);
	if (!is_taken_whole(round)) {
		round->jobs[--n]->n_taken += round->n_of_last;
		put_back(round, n);
	}
	if (is_storm)
		org_queue_add_first(queue, job_new(JOB_STORM, NULL, NULL));
	queue->n_at_once = SITUATION_SIGNALS;
	tell_changes(round);
	memcpy(jobs, round->jobs, sizeof(jobs));
	round_free(round);
	for (unsigned i = 0; i < n; i++)
		job_end(jobs[i], NULL);
	round_start(queue);
}

static bool is_conflict(const struct error *err)
{
	return err->code == -ENOENT || err->code == -EEXIST || err->code == -EAGAIN;
}

static void handle_written(const struct store_result *result UNUSED, const struct error *err,
			   void *data)
{
	struct round *round = data;
	struct error busy = { 0 };

	if (!err) {
		end_well(round);
		return;
	}
	if (!is_conflict(err)) {
		end_failed(round, err);
		return;
	}
	round->queue->incidents->counters.conflicts++;
	forget(round);
	if (++round->n_tries < ROUND_TRIES) {
		look(round);
		return;
	}
	error_set(&busy, -EBUSY, "other servers change these incidents at the same time");
	end_failed(round, &busy);
}

/* What the senders want to be stored with the last of their alerts, and people with what they did.
 */
static void add_steps(struct round_batch *batch, const struct round *round)
{
	unsigned n = is_taken_whole(round) ? round->n_jobs : round->n_jobs - 1;

	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0;
		     !round->jobs[i]->failure.code && j < round->jobs[i]->intake.n_steps; j++) {
			const struct store_step *step = &round->jobs[i]->intake.steps[j];

			round_batch_add(batch, step->expect, step->sql, step->params,
					step->n_params);
		}
}

static bool has_news(const struct situation *situation)
{
	unsigned n = situation->n_events;

	for (unsigned i = 0; i < situation->n_incidents; i++)
		n += situation->incidents[i].is_touched;
	for (unsigned i = 0; i < situation->n_alerts; i++)
		n += situation->alerts[i].is_touched;
	return n != 0;
}

static void submit(struct round *round, struct round_batch *batch, store_done *done)
{
	struct org_queue *queue = round->queue;
	const struct store_batch wire = {
		.org = queue->org,
		.steps = batch->steps,
		.n_steps = batch->n_steps,
	};

	round->ticket = store_submit(queue->incidents->config.store, &wire, done, round);
	free(batch);
}

static struct round_batch *batch_new(void)
{
	struct round_batch *batch = calloc(1, sizeof(*batch));

	if (!batch)
		abort();
	return batch;
}

static void write_decided(struct round *round)
{
	struct round_batch *batch = batch_new();

	situation_conclude(round->situation);
	round->texts = json_array();
	if (has_news(round->situation))
		round_write(batch, round->situation, round->queue->org, round->texts);
	add_steps(batch, round);
	if (batch->n_steps) {
		submit(round, batch, handle_written);
	} else {
		free(batch);
		end_well(round);
	}
}

/* What was due when it was looked for may fire again by now. */
static bool is_due(const struct situation *situation, const struct incident_row *incident)
{
	return incident->settles && incident->settles <= situation->now;
}

static void decide_by_person(struct round *round, struct incident_row *incident)
{
	struct job *job = round->jobs[0];
	const struct event_row note = {
		.kind = job->word,
		.actor = job->actor,
		.change = SITUATION_NO_CHANGE,
		.data = json_incref(job->json),
	};

	if (!incident)
		error_set(&job->failure, -ENOENT, "there is no such incident");
	else if (job->kind == JOB_NOTE)
		situation_event(round->situation, incident, &note);
	else if (job->kind == JOB_SETTLE && !is_due(round->situation, incident))
		error_set(&job->failure, -EALREADY, "it has news");
	else if (!situation_resolve(round->situation, incident, job->actor))
		error_set(&job->failure, -EALREADY, "incident %lld is %s already",
			  (long long)incident->number, incident_state_name(incident->state));
	if (!incident || job->kind != JOB_NOTE)
		json_decref(note.data);
}

static void decide_alone(struct round *round, const struct store_result *result)
{
	struct situation *situation = round->situation;

	switch (round->jobs[0]->kind) {
	case JOB_TAKE:
		break;
	case JOB_RESOLVE:
	case JOB_NOTE:
	case JOB_SETTLE:
		decide_by_person(round, round_load_incident(situation, &result->steps[1], 0));
		break;
	case JOB_STORM:
		round_load_lately(situation, &result->steps[1]);
		round->has_more = result->steps[3].n_rows == STORM_ROWS;
		storm_decide(situation, &result->steps[3]);
		break;
	}
}

static void handle_looked(const struct store_result *result, const struct error *err, void *data)
{
	struct round *round = data;
	struct situation *situation = round->situation;

	if (err) {
		end_failed(round, err);
		return;
	}
	round_load_clock(situation, &result->steps[0]);
	if (round->jobs[0]->kind != JOB_TAKE)
		decide_alone(round, result);
	else
		round_load_lately(situation, &result->steps[1]);
	for (unsigned i = 0; i < round->n_signals; i++)
		round_load_signal(situation, &result->steps[3 + 2 * i],
				  round->signals[i].job->intake.integration,
				  round->signals[i].alert);
	for (unsigned i = 0; i < round->n_signals; i++)
		situation_signal(situation, round->signals[i].job->intake.integration,
				 round->signals[i].alert);
	write_decided(round);
}

static void look(struct round *round)
{
	struct org_queue *queue = round->queue;
	struct round_batch *batch = batch_new();
	const struct job *job = round->jobs[0];

	round->situation = situation_new(&queue->incidents->config, clock_wall_ns());
	round_read_clock(batch, queue->org);
	if (job->kind == JOB_TAKE || job->kind == JOB_STORM)
		round_read_lately(batch, round->situation, queue->org);
	else
		round_read_incident(batch, queue->org, job->incident);
	if (job->kind == JOB_STORM)
		round_read_opened(batch, round->situation, queue->org);
	for (unsigned i = 0; i < round->n_signals; i++)
		round_read_signal(batch, queue->org, round->signals[i].job->intake.integration,
				  round->signals[i].alert);
	submit(round, batch, handle_looked);
}

void round_start(struct org_queue *queue)
{
	struct round *round;

	if (queue->round || !queue->first)
		return;
	round = calloc(1, sizeof(*round));
	if (!round)
		abort();
	round->queue = queue;
	queue->round = round;
	fill(round);
	look(round);
}
