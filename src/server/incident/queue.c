/* What waits to be done with an org's incidents, one after the other. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/incident/incident_internal.h"

struct job *job_new(enum job_kind kind, incident_done *done, void *data)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		abort();
	job->kind = kind;
	job->done = done;
	job->data = data;
	return job;
}

static void job_free(struct job *job)
{
	json_decref(job->json);
	free(job);
}

void job_end(struct job *job, const struct error *err)
{
	if (!err && job->failure.code)
		err = &job->failure;
	if (job->done)
		job->done(err, job->data);
	job_free(job);
}

static struct org_queue *find(struct incidents *incidents, const char *org)
{
	struct org_queue *queue = incidents->queues;

	while (queue && strcmp(queue->org, org) != 0)
		queue = queue->next;
	if (queue)
		return queue;
	queue = calloc(1, sizeof(*queue));
	if (!queue)
		abort();
	queue->incidents = incidents;
	queue->n_at_once = SITUATION_SIGNALS;
	text_format(queue->org, sizeof(queue->org), "%s", org);
	queue->next = incidents->queues;
	incidents->queues = queue;
	return queue;
}

/* Not from within the call that asks: the loop tells it. */
static void refuse(struct incidents *incidents, struct job *job)
{
	const struct timeval now = { 0 };

	error_set(&job->failure, -EBUSY, "%d deliveries wait already: try again",
		  INCIDENT_MAX_WAITING);
	job->next = incidents->refused;
	incidents->refused = job;
	(void)event_add(incidents->refusals, &now);
}

static void count_in(struct org_queue *queue, const struct job *job)
{
	queue->n++;
	queue->n_alerts += json_array_size(job->intake.alerts);
}

void org_queue_add(struct incidents *incidents, const char *org, struct job *job)
{
	struct org_queue *queue = find(incidents, org);

	if (queue->n >= INCIDENT_MAX_WAITING || queue->n_alerts >= INCIDENT_MAX_WAITING_ALERTS) {
		refuse(incidents, job);
		return;
	}
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
	count_in(queue, job);
	round_start(queue);
}

void org_queue_add_first(struct org_queue *queue, struct job *job)
{
	job->next = queue->first;
	queue->first = job;
	if (!queue->last)
		queue->last = job;
	count_in(queue, job);
}

struct job *org_queue_pop(struct org_queue *queue)
{
	struct job *job = queue->first;

	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	queue->n--;
	queue->n_alerts -= json_array_size(job->intake.alerts);
	job->next = NULL;
	return job;
}

static void free_jobs(struct job *job)
{
	while (job) {
		struct job *next = job->next;

		job_free(job);
		job = next;
	}
}

void org_queues_free(struct incidents *incidents)
{
	free_jobs(incidents->refused);
	while (incidents->queues) {
		struct org_queue *queue = incidents->queues;

		incidents->queues = queue->next;
		round_drop(queue->round);
		free_jobs(queue->first);
		free(queue);
	}
}
