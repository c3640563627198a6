/*
 * A run: an investigation that is queued or under way, in memory; and its legs, one for each
 * host. Its life: waiting -> loading -> running -> ending -> freed. What has to be in the store
 * goes through its scroll, in order; when the scroll's last write is on disk the run is over.
 */
#pragma once

#include "investigation/ledger.h"
#include "investigation/starter.h"
#include "server/inquiry/day_internal.h"
#include "server/inquiry/inquiry.h"
#include "server/inquiry/scroll_internal.h"
#include "server/inquiry/spent_internal.h"

#define RUN_CONTEXT_NS (20 * NS_PER_SEC)   /* for the first look at a host */
#define RUN_APPROVAL_NS (600 * NS_PER_SEC) /* of a person, at most; below LOOP_APPROVAL_NS */
#define RUN_PERSONS_NS (1800 * NS_PER_SEC) /* that waiting for people may take in all */
#define RUN_CONCLUDE_NS (10 * NS_PER_SEC)  /* after its time, to say what is known */
#define RUN_MAX_CHANGES 8                  /* that its models may ask for */
#define RUN_MAX_APPEALS 24                 /* questions to people, and changes */
#define RUN_CALL_NS (30 * NS_PER_SEC)      /* below CHANNEL_CALL_TIMEOUT_MS */
#define RUN_ABSENT_NS (5 * NS_PER_SEC)     /* for a host that is not connected */

struct appeal;
struct ask;
struct leg;
struct model_forward;

#define RUN_TAG_LAST UINT64_MAX         /* of the scroll's last write */
#define RUN_TAG_APPEAL (UINT64_MAX - 1) /* destinations may be to be told of an appeal */
#define RUN_TAG_AUDIT (UINT64_MAX - 2)  /* the org's audit log has a line to seal */

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
	json_t *request; /* {incident, namespaces, services, notes, impact, fired_at_ns, since_s} */
	struct inquiry_budget budget;
	struct spent before; /* by processes of before a restart */
	bool is_frugal;      /* what models may take within 24 hours is used up: without one */
	uint64_t started_ns; /* wall clock; 0: it has not */
	struct day_share day;

	uint64_t last_evidence; /* the thread's highest number before this run */
	json_t *recorded;       /* its own evidence so far, when it goes on after a restart */
	json_t *earlier;        /* what the thread was told lately; each with "agent" */
	json_t *turns;
	json_t *made; /* changes that ended in this process: [{host, tool, id, state, at, error}] */
	struct run *remedy;   /* that it offers, once it has ended (remedy.h) */
	json_t *first_report; /* of whom it offers the remedy; or NULL */
	json_t *skills;       /* own ones of the org, {name: files}; empty without a model */

	struct foreigners *foreigners; /* MCP servers of others; or NULL */
	struct appeal *appeals;
	unsigned n_appeals;
	struct scroll scroll;
	uint64_t last_seq; /* of its events */
	struct told *told, **last_told;
	uint64_t ticket; /* of the batch it is loaded with, or 0 */
	struct leg *legs;
	unsigned n_legs, n_open;
	unsigned n_calls, n_changes;
	struct event *deadline;
	unsigned n_persons, n_forms; /* that wait for people; of them what MCP servers ask */
	uint64_t persons_since_ns, persons_ns, forms_since_ns, forms_ns; /* the same, monotonic */
	bool is_cut;                                                     /* its time is over */
	struct impact_wait *impact_wait;
	struct store_value guard_values[3];
	struct store_step guard; /* of each write: the row's fence is ours still */
	bool is_lost;            /* another server has taken it over */
	bool goes_on;            /* after a restart */
	bool is_said_to_wait;
	bool is_over_budget; /* a call was refused for that, which is recorded once */
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
/* How many events and calls it has, and what its models took, again. */
void run_count(struct run *run);
void run_think(struct run *run, const char *format, ...) PRINTF_LIKE(2, 3);
/* It has ended, and that is in the store: frees it, tells whom it concerns. */
void run_over(struct run *run);
/* A leg has its report, or never will. */
void run_leg_done(struct leg *leg);
/* All that runs for it ends now; what it was told stays. */
void run_halt(struct run *run);

/* deadline.c: its time begins; 0 left: it is over. */
void run_arm(struct run *run);
uint64_t run_left_ns(const struct run *run);
/* Each in its pair: until then, no time is spent. */
void run_wait_person(struct run *run);
void run_hear_person(struct run *run);
/* What had been waited before a restart, and since when it was then (wall clock; 0: it was not). */
void run_restore_waited(struct run *run, uint64_t waited_ns, uint64_t since_ns);
/* How long an approval, and an answer, may be waited for. */
uint64_t run_approval_ns(const struct run *run);
uint64_t run_answer_ns(const struct run *run);

/* load.c: reads what it starts with, then run_gather() (foreign.h) or run_fail(). */
void run_prepare(struct run *run);
void run_begin(struct run *run);

/* refresh.c: reads the impact of its incident anew, then run_conclude(). */
void run_refresh(struct run *run);
void run_forget_refresh(struct run *run);

/* made.c, circumstances.c: the changes that were made, or may have been, as rows of a timeline;
 * services that are hit and recent changes go into the report. */
void run_add_made(const struct run *run, json_t *rows);
void run_add_circumstances(const struct run *run, json_t *report);
/* conclude.c: the last writes. */
void run_conclude(struct run *run);
void run_fail(struct run *run, const char *sentence);
void run_end_interrupted(struct run *run);
