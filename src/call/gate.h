/*
 * The gate: the only way to a tool.
 *
 * Surfaces translate their protocol into a call and submit it here: the gate
 * finds the tool, checks the arguments, asks the policy, records the intent,
 * runs the job, records the outcome, answers. What cannot be recorded does not
 * happen. No other file consults the policy or writes the audit log.
 *
 * gate.c decides, in the warden; gate_remote.c is the same door elsewhere: it
 * asks the warden and decides nothing.
 */
#pragma once

#include "call/audit.h"
#include "call/job.h"
#include "call/policy.h"

/* What a result is. */
enum answer_kind {
	ANSWER_RESULT, /* the tool's JSON */
	ANSWER_PLAN,   /* calls to make instead, see call/plan.h */
};

/* How a call ended. 'err' is set if and only if there is no result. */
struct answer {
	const char *result; /* the tool's JSON, redacted by the job */
	size_t n_result;
	char sha256[65];
	uint64_t elapsed_ns;
	uint32_t walls; /* bits of enum sandbox_wall that stood */
	uint32_t landlock_abi;
	uint64_t cpu_ns;
	uint64_t peak_memory_bytes;
	struct error err;
	enum answer_kind kind;
	json_t *approval; /* with -EACCES where an approval would do: what to sign; borrowed */
};

/* Embedded in whatever the surface keeps per request; must live until it is answered, which may
 * free it. */
struct call {
	struct caller caller;
	const char *tool;
	const char *args; /* exact bytes of a JSON object; "" is {} */
	size_t n_args;
	const char *nonce; /* of an approval given earlier, or NULL */

	/* Called exactly once, maybe before gate_submit() returns. */
	void (*answer)(struct call *call, const struct answer *answer);

	/* private */
	struct gate *gate;
	uint64_t id;
	const struct tool_info *info;
	struct job job;
	json_t *parsed;
};

struct gate {
	const struct tool_info *catalogue; /* ends with a NULL name */
	struct policy *policy;
	struct audit *audit;
	struct runner *runner;
	struct redactor *redactor;
	struct approvals *approvals;
	uint64_t next_id;
};

void gate_submit(struct gate *gate, struct call *call);

/* Kills the job if it runs; the answer still comes, with -ECANCELED. */
void gate_cancel(struct call *call);
