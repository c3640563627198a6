/*
 * A run: an investigation that is queued or under way, in memory; and its legs, one for each
 * host. Its life: waiting -> loading -> running -> ending -> freed. What has to be in the store
 * goes through its scroll, in order; when the scroll's last write is on disk the run is over.
 */
#pragma once

#include "investigation/ledger.h"
#include "investigation/starter.h"
#include "server/inquiry/inquiry.h"
#include "server/inquiry/scroll_internal.h"

#define RUN_CONTEXT_NS (20 * NS_PER_SEC)
#define RUN_APPROVAL_NS (600 * NS_PER_SEC) /* of a person, at most; below LOOP_APPROVAL_NS */
#define RUN_MAX_CHANGES 8                  /* that its models may ask for */
#define RUN_CALL_NS (30 * NS_PER_SEC)      /* below CHANNEL_CALL_TIMEOUT_MS */
#define RUN_ABSENT_NS (5 * NS_PER_SEC)     /* for a host that is not connected */

struct ask;
struct leg;
struct model_forward;

#define RUN_TAG_LAST UINT64_MAX /* of the scroll's last write */

/* An event on its way into the store, for those who watch. */
struct told {
	struct told *next;
	uint64_t seq, time_ns;
	const char *type;
	char *data;
};

enum run_state {
	RUN_WAITING,
	RUN_LOADING,
	RUN_RUNNING,
	RUN_ENDING,
};

struct run {
	struct inquiries *inquiries;
	struct run *next, **link;
	uint64_t number; /* never another's in this process */
	enum run_state state;

	char org[HUB_ID_BYTES], id[INQUIRY_ID_BYTES], thread[INQUIRY_ID_BYTES];
	char caller[HUB_ID_BYTES * 2];
	char *question;
	json_t *agents;  /* ids */
	json_t *request; /* {namespaces, services, notes, impact, fired_at_ns, since_s} */
	struct inquiry_budget budget;
	uint64_t started_ns; /* wall clock; 0: it has not */

	uint64_t last_evidence; /* the thread's highest number before this run */
	json_t *recorded;       /* its own evidence so far, when it goes on after a restart */
	json_t *earlier;        /* what the thread was told lately; each with "agent" */
	json_t *turns;

	struct scroll scroll;
	uint64_t last_seq; /* of its events */
	struct told *told, **last_told;
	uint64_t ticket; /* of the batch it is loaded with, or 0 */
	struct leg *legs;
	unsigned n_legs, n_open;
	unsigned n_calls, n_changes;
	struct event *deadline;
	struct store_value guard_values[3];
	struct store_step guard; /* of each write: the row's fence is ours still */
	bool is_lost;            /* another server has taken it over */
	bool goes_on;            /* after a restart */
	bool is_said_to_wait;
};

/* run.c */
struct run *run_new(struct inquiries *inquiries, const char *org, const char *id);
void run_free(struct run *run);
/* Before its first write. */
void run_set_fence(struct run *run, int64_t fence);
/* At the end of those that wait. */
void run_add(struct run *run);
struct run *run_find(const struct inquiries *inquiries, uint64_t number);
struct run *run_find_id(const struct inquiries *inquiries, const char *org, const char *id);
struct run *run_find_thread(const struct inquiries *inquiries, const char *org, const char *thread);
/* It waits no more: it starts, or ends before. */
void run_leave_queue(struct run *run);
/* Starts what may run now. */
void runs_schedule(struct inquiries *inquiries);
/* One event: into the store, then to who watches. Takes 'data'. */
void run_tell(struct run *run, const char *type, json_t *data);
/* How many events and calls it has, again. */
void run_count(struct run *run);
void run_think(struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* It has ended, and that is in the store: frees it, tells whom it concerns. */
void run_over(struct run *run);
/* A leg has its report, or never will. */
void run_leg_done(struct leg *leg);
/* All that runs for it ends now; what it was told stays. */
void run_halt(struct run *run);

/* What its models took. */
struct spent {
	int64_t tokens_in, tokens_out, cost_micros;
};

/* model.c */
const char *run_engine(const struct run *run);
bool run_has_model(const struct run *run);
/* Gives the open questions of its investigators an answer; false if there are none. */
bool run_answer(const struct run *run, const json_t *answers);
struct spent run_spent(const struct run *run);
/* "engine" of the report: who spoke, of each host if there are several. A new reference. */
json_t *run_engine_report(const struct run *run);

/* load.c: reads what it starts with, then run_begin() or run_fail(). */
void run_prepare(struct run *run);
void run_begin(struct run *run);

/* circumstances.c: services that are hit and recent changes go into the report. */
void run_add_circumstances(const struct run *run, json_t *report);

/* conclude.c: the last writes. */
void run_conclude(struct run *run);
void run_fail(struct run *run, const char *sentence);
void run_end_interrupted(struct run *run);
