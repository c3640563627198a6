/*
 * A response: what one pipeline does about one incident, as a row of the store.
 *
 * What has to be done stands in the store before anything is done about it, and each step from
 * one state to the next is one batch together with what it starts or queues. So a server that
 * was killed, and any other on the same database, goes on where it was, and nothing is started
 * or told twice: whoever comes second finds the state taken, and its whole batch is undone.
 *
 * An incident is looked into once by each pipeline that takes one of its alerts; again only for
 * hosts or services that join, at most RESPONSE_MAX_ROUNDS times.
 */
#pragma once

#include "base/json.h"
#include "server/store/store.h"

#define RESPONSE_ID_BYTES 65
#define RESPONSE_NAME_BYTES 129
#define RESPONSE_THREAD_BYTES 65
#define RESPONSE_MAX_ROUNDS 3
#define RESPONSE_MAX_OPEN 64   /* of an org, planned or started; beyond, one is skipped */
#define RESPONSE_MAX_ALERTS 16 /* of an incident, whose pipelines and hosts are looked for */
#define RESPONSE_MAX_DUE 64    /* of each kind that response_find_due() gives at once */
#define RESPONSE_KEPT_NS (400 * 86400 * NS_PER_SEC)

struct response {
	char org[RESPONSE_ID_BYTES], incident[RESPONSE_ID_BYTES];
	char pipeline[RESPONSE_NAME_BYTES], thread[RESPONSE_THREAD_BYTES];
	int64_t round;
	json_t *route; /* one of routing.h, of all its alerts together */
};

void response_finish(struct response *response);
/* A copy on the heap, for who works on it; free with response_free(). */
struct response *response_copy(const struct response *response);
void response_free(struct response *response);

/*
 * An incident has firing alerts, some of them new: its routes become rows. NULL once that is in
 * the store, or the store's error: then ask again. 'n_planned' is what is to be started;
 * 'why_not' says, for people, why nothing is (or NULL). Never before response_plan() returns.
 */
typedef void response_planned(unsigned n_planned, const char *why_not, const struct error *err,
			      void *data);
void response_plan(struct store *store, const char *org, const char *incident,
		   response_planned *done, void *data);

/* An incident has ended, or is open again; what is told of it afterwards follows. As store_done. */
enum response_turn {
	RESPONSE_ENDED,
	RESPONSE_REOPENED,
	RESPONSE_MERGED, /* ended, and what was not started never is */
};
void response_turn(struct store *store, const char *org, const char *incident,
		   enum response_turn turn, store_done *done, void *data);

/* What is due, in all orgs; borrowed. */
enum response_due {
	RESPONSE_TO_START,
	RESPONSE_TO_TELL,   /* its investigation has ended: 'report' or 'failure' */
	RESPONSE_TO_CLOSE,  /* told, and its incident has ended since */
	RESPONSE_TO_REOPEN, /* closed, and its incident is open again */
};

struct response_item {
	enum response_due due;
	struct response response;
	const char *investigation;
	const char *report;  /* JSON text, or NULL */
	const char *failure; /* of an investigation without a report */
};

struct response_finder {
	void (*found)(const struct response_item *item, void *data);
	void (*done)(const struct error *err,
		     void *data); /* once, last; never before the call returns */
	void *data;
};
void response_find_due(struct store *store, const struct response_finder *finder);

/*
 * The step that takes a response on; it holds only where the response stands before it, and
 * lives in 'room' until its batch was submitted.
 */
enum response_step {
	RESPONSE_STARTS,
	RESPONSE_TELLS,
	RESPONSE_CLOSES,
	RESPONSE_REOPENS,
	RESPONSE_SKIPS, /* it cannot be started at all */
};

#define RESPONSE_PARAMS 5
struct store_step response_step(const struct response *response, enum response_step step,
				struct store_value room[RESPONSE_PARAMS]);

/* Removes what changed last long ago: a step for a batch of all orgs. */
struct store_step response_upkeep_step(struct store_value params_out[1]);
