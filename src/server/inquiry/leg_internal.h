/* What a leg of a run does: its investigator, that one's calls, and what is kept of them. */
#pragma once

#include "server/inquiry/run_internal.h"

/* One host of a run. */
struct leg {
	struct run *run;
	unsigned index;
	char agent[HUB_ID_BYTES], host[256];
	uint64_t base, last; /* evidence numbers: before its first, and its highest so far */
	unsigned n_asked;    /* evidence it has in the store */
	size_t n_bytes;
	json_t *tools;   /* [{name, risk, ...}] of the agent's own list; NULL: it gave none */
	json_t *context; /* parts of collect_context as evidence */
	uint64_t child;  /* the starter's id of its investigator; 0: none */
	struct bufferevent *channel;
	struct ask *asks;
	struct spent spent;           /* as its investigator says after each answer of a model */
	struct model_forward *models; /* NULL: the built-in engine thinks */
	uint64_t answer_ns;           /* that it waits for the answer to a question */
	struct event *patience;       /* for a host that has yet to come back after a restart */
	uint64_t patient_until_ns;
	/* After a restart the investigator repeats its calls, which are answered from the record;
	 * or, where it cannot, it is given the record as what was told before. */
	enum leg_replay {
		LEG_FRESH,
		LEG_REPLAYS,
		LEG_RESTORES,
	} replay;
	bool is_ready; /* its tools and the context are known: its investigator may begin */
	bool is_done;

	json_t *report, *bundle;
	struct error why; /* no report: why not; with one: why there are no tools */
};

/* A piece of evidence on its way into the store; 'args' and 'bytes' are canonical. */
struct evidence_row {
	uint64_t number;
	const char *call; /* NULL: a part of the context */
	const char *tool, *args;
	int code;
	const char *error, *sha256;
	const char *bytes;
	double elapsed_ms;
	const char *state; /* calls.state; "unknown": it may run still; NULL: it never was a call */
	const char *outcome; /* what its investigator is told of that; NULL: 'state' */
};

/* leg.c */
void leg_start(struct leg *leg);
void leg_fail(struct leg *leg, int code, const char *sentence);
/* Stops its investigator and forgets its calls; cancels those that are open. */
void leg_halt(struct leg *leg);
void leg_finish(struct leg *leg);
/* The time is over: it shall report what it has. */
void leg_conclude(struct leg *leg);
/* What became of a call of before the restart; for who goes on. */
void leg_take_dropped(struct leg *leg, const struct evidence_row *row);
/* By the agent's own catalogue: "reads", "traces", "changes"; "" for what is no tool of it. */
const char *leg_risk(const struct leg *leg, const char *tool);
/* What is on record of this number, or NULL. */
const json_t *leg_recorded(const struct leg *leg, uint64_t number);

/* child.c: the investigator of a leg; it begins when nothing of before a restart is open. */
void leg_begin_child(struct leg *leg);
void leg_end_child(struct leg *leg);
void leg_send(struct leg *leg, const json_t *header, struct str body);

/* model.c: says in the start what thinks, and carries what is asked of it. */
struct frame;
void leg_begin_model(struct leg *leg, json_t *start);
void leg_end_model(struct leg *leg);
/* What models may take within 24 hours is used up: one more round, to conclude. */
void leg_tell_spent(struct leg *leg);
/* Its investigator says what an answer of a model took. */
void leg_take_use(struct leg *leg, const json_t *use);
int leg_take_model(struct leg *leg, const struct frame *frame, struct error *err) MUST_CHECK;

/* ask.c: a call that it wants; 'args' is JSON text from it. */
struct ask_words {
	json_int_t id;
	uint64_t number;
	const char *tool;
	const char *why; /* of a change: a model's words for who approves it; or NULL */
	struct str args;
};

void ask_start(struct leg *leg, const struct ask_words *words);
void ask_cancel(struct leg *leg, json_int_t id);
void asks_halt(struct leg *leg);

/* ask_drop.c: one of before a restart, and whether the outcome of one is waited for. */
void ask_drop(struct leg *leg, const json_t *recorded);
bool asks_any_dropped(const struct leg *leg);

/* context.c: asks collect_context where the request names a service or a time, or takes it from
 * the record; then leg_begin_child(). */
void leg_ask_context(struct leg *leg);
/* The answer is here: 'bytes' of the result, or NULL. */
void leg_take_context(struct leg *leg, struct str bytes);

/* event.c: what clients are told of calls. */
void tell_call_started(struct leg *leg, uint64_t number, const char *tool, const json_t *args);
void tell_call_ended(struct leg *leg, const struct evidence_row *row);
/* A call that waits until a person approves it. */
struct approval_words {
	const char *call, *tool, *risk;
	const char *args; /* canonical: exactly these bytes would run */
	const char *why;
	uint64_t expires_ns; /* wall clock */
};
void tell_approval(struct leg *leg, const struct approval_words *words);

/* record.c */
#define RECORD_QUEUED_VALUES 6
/* For the batch of hub_submit(): what is asked and where it is queued is one. */
struct store_step record_queued(struct leg *leg, uint64_t number,
				struct store_value values[RECORD_QUEUED_VALUES]);
void record_asked(struct leg *leg, const struct evidence_row *row);
void record_answered(struct leg *leg, const struct evidence_row *row);

/* refusal.c: a line of the org's audit log; 'by' is "host", "server" or "investigator". */
struct refusal {
	const char *by, *tool, *why;
	uint64_t number; /* of the evidence; 0: none */
};
void record_refused(struct leg *leg, const struct refusal *refusal);
/* What its investigator refused its model, by its report. */
void record_refusals_of_report(struct leg *leg);

/* made.c: a call has ended that its host's catalogue says changes it. */
void run_note_made(struct leg *leg, const struct evidence_row *row);
