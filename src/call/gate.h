/*
 * The gate: the only way to a tool.
 *
 * Surfaces translate their protocol into a call and submit it here: the gate
 * finds the tool, checks the arguments, asks the policy, records the intent,
 * runs the job, records the outcome, answers. What cannot be recorded does not
 * happen. No other file consults the policy or writes the audit log.
 *
 * A call with an id of its caller's is durable: it is kept in the spool before it
 * starts, never starts again, and its answer is kept before its outcome is
 * recorded and told. Its job ends on its own, whoever asked for it.
 *
 * gate.c decides, in the warden; gate_remote.c is the same door elsewhere: it
 * asks the warden and decides nothing.
 */
#pragma once

#include "call/answer.h"
#include "call/audit.h"
#include "call/consent.h"
#include "call/job.h"
#include "call/policy.h"

/* Embedded in whatever the surface keeps per request; must live until it is answered, which may
 * free it. */
struct call {
	struct caller caller;
	const char *tool;
	const char *args; /* exact bytes of a JSON object; "" is {} */
	size_t n_args;
	const char *nonce;             /* of an approval given earlier, or NULL */
	const json_t *signed_approval; /* see call/consent.h, or NULL; borrowed */
	const json_t *signed_grant;    /* see identity/grant.h, or NULL; borrowed */
	bool must_ask;                 /* what the policy allows, it asks about all the same */
	const char *call_id;           /* makes it durable (call/spool.h), or NULL */
	uint64_t deadline_ns;          /* monotonic, 0 for the tool's own */

	/* Called exactly once, maybe before gate_submit() returns. */
	void (*answer)(struct call *call, const struct answer *answer);

	/* Called for what the job shows while it runs; NULL: nobody asked. */
	void (*show)(struct call *call, const struct progress_piece *piece);

	/* private */
	struct gate *gate;
	uint64_t id;
	const struct tool_info *info;
	struct job job;
	json_t *parsed;
	char approver[APPROVER_NAME_BYTES]; /* who signed, "" for nobody */
	char grant[CERTIFICATE_ID_BYTES];   /* what he signed it by, "" for an approval */
};

struct gate {
	const struct tool_info *catalogue; /* ends with a NULL name */
	struct policy *policy;
	struct audit *audit;
	struct runner *runner;
	struct redactor *redactor;
	struct approvals *approvals;
	struct consent *consent; /* NULL: nobody approves from elsewhere */
	struct spool *spool;     /* NULL: no durable calls here */
	const char *state_dir;   /* of the warden, for call/cases.h; NULL: no cases here */
};

void gate_submit(struct gate *gate, struct call *call);

/* Kills the job if it runs; the answer still comes, with -ECANCELED. */
void gate_cancel(struct call *call);
