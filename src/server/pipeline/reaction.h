/*
 * A reaction: what one pipeline does about one incident, as a row of the store.
 *
 * What has to be done stands in the store before anything is done about it, and each step from
 * one state to the next is one batch together with what it starts or queues. So a server that
 * was killed, and any other on the same database, goes on where it was, and nothing is started
 * or told twice: whoever comes second finds the state taken, and its whole batch is undone.
 *
 * An incident is looked into once by each pipeline that takes one of its alerts; again only for
 * hosts or services that join, at most REACTION_MAX_ROUNDS times.
 */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define REACTION_ID_BYTES 65
#define REACTION_NAME_BYTES 129
#define REACTION_THREAD_BYTES 65
#define REACTION_MAX_ROUNDS 3
#define REACTION_MAX_OPEN 64   /* of an org, planned or started; beyond, one is skipped */
#define REACTION_MAX_ALERTS 16 /* of an incident, whose pipelines and hosts are looked for */
#define REACTION_MAX_DUE 64    /* of each kind that reaction_find_due() gives at once */
#define REACTION_KEPT_NS (400 * 86400 * NS_PER_SEC)

struct reaction {
	char org[REACTION_ID_BYTES], incident[REACTION_ID_BYTES];
	char pipeline[REACTION_NAME_BYTES], thread[REACTION_THREAD_BYTES];
	int64_t round;
	json_t *route; /* one of routing.h, of all its alerts together */
};

void reaction_finish(struct reaction *reaction);
/* A copy on the heap, for who works on it; free with reaction_free(). */
struct reaction *reaction_copy(const struct reaction *reaction);
void reaction_free(struct reaction *reaction);

/*
 * An incident has firing alerts, some of them new: its routes become rows. NULL once that is in
 * the store, or the store's error: then ask again. 'n_planned' is what is to be started;
 * 'why_not' says, for people, why nothing is (or NULL). Never before reaction_plan() returns.
 */
typedef void reaction_planned(unsigned n_planned, const char *why_not, const struct error *err,
			      void *data);
void reaction_plan(struct store *store, const char *org, const char *incident,
		   reaction_planned *done, void *data);

/* An incident has ended, or is open again; what is told of it afterwards follows. As store_done. */
enum reaction_turn {
	REACTION_ENDED,
	REACTION_REOPENED,
	REACTION_MERGED, /* ended, and what was not started never is */
};
void reaction_turn(struct store *store, const char *org, const char *incident,
		   enum reaction_turn turn, store_done *done, void *data);

/* What is due, in all orgs; borrowed. */
enum reaction_due {
	REACTION_TO_START,
	REACTION_TO_TELL,   /* its investigation has ended: 'report' or 'failure' */
	REACTION_TO_CLOSE,  /* told, and its incident has ended since */
	REACTION_TO_REOPEN, /* closed, and its incident is open again */
};

struct reaction_item {
	enum reaction_due due;
	struct reaction reaction;
	const char *investigation;
	const char *report;  /* JSON text, or NULL */
	const char *failure; /* of an investigation without a report */
};

struct reaction_finder {
	void (*found)(const struct reaction_item *item, void *data);
	void (*done)(const struct error *err,
		     void *data); /* once, last; never before the call returns */
	void *data;
};
void reaction_find_due(struct store *store, const struct reaction_finder *finder);

/*
 * The step that takes a reaction on; it holds only where the reaction stands before it, and
 * lives in 'room' until its batch was submitted.
 */
enum reaction_step {
	REACTION_STARTS,
	REACTION_TELLS,
	REACTION_CLOSES,
	REACTION_REOPENS,
	REACTION_SKIPS, /* it cannot be started at all */
};

#define REACTION_PARAMS 5
struct store_step reaction_step(const struct reaction *reaction, enum reaction_step step,
				struct store_value room[REACTION_PARAMS]);

/* Removes what changed last long ago: a step for a batch of all orgs. */
struct store_step reaction_upkeep_step(struct store_value params_out[1]);
