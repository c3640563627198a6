/*
 * Changes of a host that a model wants, while one investigation runs here. The gate decides:
 * what its policy allows runs, what it wants asked about is shown to the person at the terminal,
 * who says yes to exactly these bytes, once, or no.
 *
 * Of this host he has to be root. Of another one his yes is his signature, if the org's root key
 * lists him and lets who asks approve as well; else he is told who may sign, and it waits.
 */
#pragma once

#include "call/gate_remote.h"
#include "cli/ask/person.h"

#define WANTED_MAX 8 /* of an investigation; what it wants beyond is only asked of the policy */

struct wanted_change;

struct wanted {
	const struct cli *cli;
	const char *host; /* the other one; NULL: this one */
	struct gate_remote *gate;
	struct person *person;
	const json_t *consent; /* {"tool", "args"} that this person said yes to, once; or NULL */

	/* private */
	struct wanted_change *changes;
	unsigned n;
	bool is_consent_used;
};

void wanted_finish(struct wanted *wanted);
void wanted_cleanup(struct wanted *wanted);

/* A call with a "why" goes to the gate: what it is, for its answer. */
void wanted_note(struct wanted *wanted, const struct frame *call);

/* Whether that call is with the person, and not at the gate. */
bool wanted_waits(const struct wanted *wanted, json_int_t id);

/* The gate has answered, or says how a call gets on: 1 where that is not the call's answer yet, 0
 * where it is, or is none of these. */
int wanted_hear(struct wanted *wanted, const struct frame *answer, struct error *err) MUST_CHECK;

/* The person has decided. A yes goes to the gate and 0 comes back; 1: it is refused. */
int wanted_decide(struct wanted *wanted, const struct person_said *said,
		  struct error *err) MUST_CHECK;
