/* The parts of the incidents: a queue of jobs per org, and the rounds that work on it. */
#pragma once

#include "server/incident/situation.h"

#define ROUND_STEPS STORE_MAX_STEPS
#define ROUND_VALUES 640
#define ROUND_TRIES 50 /* a try that fails means that another server's holds */
#define STORM_ROWS 10  /* incidents that a round puts into a storm */
#define SWEEP_NS (10 * NS_PER_SEC)

enum job_kind {
	JOB_TAKE,
	JOB_RESOLVE, /* by a person */
	JOB_SETTLE,  /* by itself */
	JOB_NOTE,
	JOB_STORM, /* too many at once: they become one */
};

struct job {
	struct job *next;
	enum job_kind kind;
	incident_done *done; /* or NULL */
	void *data;
	struct incident_intake intake;
	size_t n_taken;       /* of its alerts */
	struct error failure; /* what the round found, for 'done' */
	char incident[INCIDENT_ID_BYTES], actor[INCIDENT_ID_BYTES + 16], word[32];
	json_t *json; /* of a note */
};

struct round;

struct org_queue {
	struct org_queue *next;
	struct incidents *incidents;
	char org[INCIDENT_ID_BYTES];
	struct job *first, *last;
	unsigned n;
	size_t n_alerts;     /* of all that wait */
	struct round *round; /* under way, or NULL */
	unsigned n_at_once;  /* jobs of a round: 1 after one that the store refused */
};

struct incidents {
	struct incident_config config;
	struct org_queue *queues;
	struct job *refused; /* to be told so from the loop */
	struct event *refusals, *sweep;
	uint64_t sweep_ns; /* when it comes, wall clock; 0: it is not set */
	uint64_t sweep_ticket;
	int is_started, is_sweeping;
	int takes_all; /* the first sweep of a server that is alone minds no lease */

	struct incident_counters {
		uint64_t opened, joined, reopened, resolved, merged;
		uint64_t repeats, flaps, late, unknown, dropped, conflicts, told_again;
	} counters;
};

/* queue.c */
struct job *job_new(enum job_kind kind, incident_done *done, void *data);
/* Takes the job over. */
void org_queue_add(struct incidents *incidents, const char *org, struct job *job);
void org_queue_add_first(struct org_queue *queue, struct job *job);
/* Ends the job: 'err' NULL or why not. */
void job_end(struct job *job, const struct error *err);
struct job *org_queue_pop(struct org_queue *queue);
void org_queues_free(struct incidents *incidents);

/* round.c: works on the queue until it is empty. */
void round_start(struct org_queue *queue);
void round_drop(struct round *round);

/* A batch being made; texts are borrowed until it was submitted. */
struct round_batch {
	struct store_step steps[ROUND_STEPS];
	struct store_value values[ROUND_VALUES];
	unsigned n_steps, n_values;
};

void round_batch_add(struct round_batch *batch, enum store_expect expect, const char *sql,
		     const struct store_value *values, unsigned n);
#define ROUND_ADD(batch, expect, sql, ...)                                                \
	round_batch_add(batch, expect, sql, (const struct store_value[]) { __VA_ARGS__ }, \
			ARRAY_LEN(((const struct store_value[]) { __VA_ARGS__ })))

/* round_read.c: the steps that look, and what they found. */
void round_read_clock(struct round_batch *batch, const char *org);
void round_read_signal(struct round_batch *batch, const char *org, const char *integration,
		       const json_t *alert);
void round_read_lately(struct round_batch *batch, const struct situation *situation,
		       const char *org);
void round_read_incident(struct round_batch *batch, const char *org, const char *id);
void round_read_opened(struct round_batch *batch, const struct situation *situation,
		       const char *org);
void round_load_clock(struct situation *situation, const struct store_rows *rows);
void round_load_signal(struct situation *situation, const struct store_rows *rows,
		       const char *integration, const json_t *alert);
void round_load_lately(struct situation *situation, const struct store_rows *rows);
/* NULL where the row is not there. */
struct incident_row *round_load_incident(struct situation *situation, const struct store_rows *rows,
					 unsigned row);

/* round_write.c: everything that was decided; its texts live as long as 'texts'. */
void round_write(struct round_batch *batch, const struct situation *situation, const char *org,
		 json_t *texts);

/* storm.c: the oldest becomes the storm, or there is one; the others go into it. */
void storm_decide(struct situation *situation, const struct store_rows *opened);

/* sweep.c: what is due, and changes that nobody has handled. */
void sweep_by(struct incidents *incidents, uint64_t wall_ns);
void sweep_handle_timer(int fd, short what, void *data);
/* Tells one change. */
void incident_tell(struct incidents *incidents, const char *org, const struct event_row *event);
