/*
 * The tool-use loop: a model drives the tools of an investigation.
 *
 * The built-in engine has looked first; its ranking and evidence are what a loop begins
 * with. Round by round the model is asked, its calls run at once through the line (host
 * tools, checked against the schema, each an item of the ledger; what does more than read only
 * where people can be asked, and then it waits for their approval) or are
 * answered here (own tools: find_tools, read_evidence, ask_person, submit_report, and those
 * that skills and subagents add), until it submits, or the budget ends.
 *
 * A crew is the loops of one investigation: the first drives, further ones are subagents
 * with a conversation and tools of their own. They share ledger, budget, models and fence,
 * and run at the same time on one line.
 */
#pragma once

#include "investigation/budget.h"
#include "investigation/exchange.h"
#include "investigation/fence.h"
#include "investigation/investigation.h"

#define CREW_MAX_LOOPS 8
#define LOOP_MAX_CALLS 8 /* in one round; more are refused */
#define LOOP_MAX_OWN_TOOLS 16
#define LOOP_CALL_NS (35 * NS_PER_SEC)
#define LOOP_APPROVAL_NS (900 * NS_PER_SEC)
#define LOOP_SMALL_CONTEXT_TOKENS 16384 /* below, few tools are shown at a time */
#define LOOP_FEW_TOOLS 8

struct loop;

/* One call of the round that is being answered. */
struct loop_call {
	char id[REPLY_ID_BYTES]; /* the model's */
	char name[REPLY_ID_BYTES];
	json_t *args;
	size_t item;     /* of the ledger, from 1; 0: none */
	int64_t asked;   /* a question to a person, or 0 */
	uint64_t due_ns; /* no answer by then: it fails */
	bool waits;      /* for a person, as the line says of a foreign tool */
	bool is_answered;
	bool is_failed;
	char *text; /* the answer */
	char *summary;
};

/* A tool that the loop answers itself. */
struct loop_tool {
	const char *name, *summary;
	const char *schema; /* JSON Schema; arguments that do not fit never arrive */

	/* Answers with loop_answer(), now or later. */
	void (*start)(struct loop *loop, struct loop_call *call);
};

enum loop_state {
	LOOP_READY,    /* the model is to be asked */
	LOOP_THINKING, /* it is being asked */
	LOOP_CALLING,  /* its calls are running */
	LOOP_DONE,     /* 'submitted', or 'why' without */
};

struct loop {
	/* Given before crew_add(); borrowed, but for what is said to be taken. */
	const char *agent;  /* its name in events: "investigator" */
	const char *prompt; /* the prompt; the same bytes in every round */
	const json_t
		*tools; /* {name: {name, summary, schema, risk}}: what it may ask of the host */
	const struct loop_tool *own[LOOP_MAX_OWN_TOOLS + 1]; /* NULL-terminated */
	const char *must_submit; /* the own tool that ends it; NULL: its last text does */
	unsigned max_rounds;     /* its share of the budget; 0: all of it */
	void (*finished)(struct loop *loop); /* or NULL */
	void *owner;                         /* for own tools and finished() */

	/* Filled. */
	enum loop_state state;
	json_t *submitted; /* the arguments of 'must_submit', or {"text"} */
	struct error why;
	struct conversation conversation; /* may be filled before: a thread that continues */

	/* private */
	struct crew *crew;
	struct exchange exchange;
	struct loop_call calls[LOOP_MAX_CALLS];
	size_t n_calls;
	json_t *shown; /* [names of host tools that the model sees now], oldest first */
	const struct model *shown_for;
	uint64_t asked_ns; /* the model, last */
	unsigned n_rounds, n_reminders, n_rejected, n_shortened;
	bool is_last_round;
};

struct crew {
	struct investigation *investigation; /* the engine's first rounds are done */
	struct line *line;
	const json_t *catalogue; /* "tools" of the start message */
	bool asks_approval;      /* people can be asked to approve what changes a host */
	struct budget budget;
	struct model_chain chain;
	struct fence fence;
	json_t *refused; /* [{"tool", "why"}]: calls that never ran; for the report */

	/* private */
	struct loop *loops[CREW_MAX_LOOPS];
	size_t n_loops;
	int64_t last_id;
	char episode[REPLY_ID_BYTES];
};

void loop_finish(struct loop *loop);

/* Answers a call of the round; the text is copied. */
void loop_answer(struct loop *loop, struct loop_call *call, const char *text);
void loop_refuse(struct loop *loop, struct loop_call *call, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* Ends a loop from one of its own tools; takes 'submitted'. */
void loop_submit(struct loop *loop, json_t *submitted);

/* Says what it is to do and lets it run: the first, and subagents while others run. -ENOSPC. */
int crew_add(struct crew *crew, struct loop *loop, const char *task, struct error *err) MUST_CHECK;

/* Until the first loop is done. An error is the line's; a loop's failure is in its 'why'. */
int crew_run(struct crew *crew, struct error *err) MUST_CHECK;

/* Also gives up what still runs; the loops are their owners'. */
void crew_finish(struct crew *crew);
