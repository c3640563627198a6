/* One conversation with an investigator, as the files that hold it share it. */
#pragma once

#include "cli/ask/engine.h"
#include "cli/ask/investigator.h"
#include "cli/ask/wanted.h"

#define SESSION_MAX_OPEN 64 /* as many as a warden takes of one client */

struct session {
	struct investigation *investigation;
	struct gate_remote *gate; /* NULL where a record answers */
	struct engine *engine;    /* NULL: the built-in one */
	int fd;                   /* of the investigator */
	uint64_t deadline_ns;
	json_int_t open[SESSION_MAX_OPEN]; /* calls without an answer */
	size_t n_open;
	struct person person; /* who may be asked */
	bool approves;        /* also about changes: here he is root, of others he signs */
	struct wanted wanted;
};

/* A call has its answer. */
void session_close_call(struct session *session, json_int_t id);

/* dialogue.c: what the investigator asks people, and what they say. */
int session_hear_question(struct session *session, const json_t *data,
			  struct error *err) MUST_CHECK;
int session_hear_person(struct session *session, struct error *err) MUST_CHECK;
/* Progress, or what somebody is asked: one of them writes on the terminal at a time. */
void session_show(struct session *session);
