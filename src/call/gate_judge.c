/* The gate inside: whether a call may run, and what its job is given. */
#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "call/approval.h"
#include "call/cases.h"
#include "call/gate_internal.h"
#include "call/hash.h"

static int take_approval(struct call *call, const struct consent_call *asked, char *decision,
			 struct answer *answer)
{
	struct consent *consent = call->gate->consent;
	int r = consent_take(consent, call->signed_approval, asked, call->approver, &answer->err);

	/* Late is not wrong: it may be signed again. */
	if (r == -ETIME)
		answer->approval = consent_request(consent, asked, &answer->err);
	if (r < 0)
		return error_wrap(&answer->err, "'%s' needs an approval", call->tool);
	text_format(decision, ERROR_TEXT_BYTES, "approved by %s (signed)", call->approver);
	return 0;
}

/* A grant that does not hold leaves the call where it is without one: it needs an approval. */
static int use_grant(struct call *call, const struct consent_call *asked, char *decision,
		     struct error *why)
{
	struct consent_grant used = { 0 };
	int r;

	if (!call->signed_grant)
		return -ENOENT;
	r = consent_use_grant(call->gate->consent, call->signed_grant, asked, call->parsed, &used,
			      why);
	if (r < 0)
		return r;
	text_format(call->approver, sizeof(call->approver), "%s", used.approver);
	text_format(call->grant, sizeof(call->grant), "%s", used.id);
	text_format(decision, ERROR_TEXT_BYTES, "granted by %s (%s, use %llu of %llu)",
		    used.approver, used.id, (unsigned long long)used.n_used,
		    (unsigned long long)used.n_uses);
	return 0;
}

/* What comes through the link is approved by a signature from there, never by this host's root. */
static int settle_signed(struct call *call, const char *rule, char *decision, struct answer *answer)
{
	struct consent *consent = call->gate->consent;
	char sha256[HASH_TEXT_BYTES];
	struct consent_call asked = {
		.call_id = call->call_id,
		.tool = call->tool,
		.args_sha256 = hash_text(call->args, call->n_args, sha256),
		.on_behalf = call->caller.on_behalf,
	};
	struct error why = { 0 };

	if (!consent || !call->call_id)
		return error_set(&answer->err, -EACCES,
				 "'%s' needs a signed approval (%s), and only durable calls to a "
				 "warden service can have one",
				 call->tool, rule);
	if (call->signed_approval)
		return take_approval(call, &asked, decision, answer);
	if (use_grant(call, &asked, decision, &why) == 0)
		return 0;
	answer->approval = consent_request(consent, &asked, &answer->err);
	if (!answer->approval)
		return error_wrap(&answer->err, "'%s' needs a signed approval", call->tool);
	if (why.code)
		json_put(answer->approval, "grant_refused", json_text(why.text, strlen(why.text)));
	return error_set(&answer->err, -EACCES, "'%s' needs a signed approval (%s)", call->tool,
			 rule);
}

/* Asked, and answered with a yes before: only then does it go on. */
static int settle(struct call *call, const char *rule, char *decision, struct answer *answer)
{
	struct gate *gate = call->gate;
	struct approval_call asked = { &call->caller, call->tool, call->args, call->n_args,
				       call->nonce };
	char by[64];

	if (call->nonce && approvals_take(gate->approvals, call->nonce, &asked, by)) {
		(void)snprintf(decision, ERROR_TEXT_BYTES, "approved by %s", by);
		return 0;
	}
	answer->approval = approvals_request(gate->approvals, &asked, &answer->err);
	if (!answer->approval)
		return answer->err.code;
	return error_set(&answer->err, -EACCES, "'%s' needs an approval (%s)", call->tool, rule);
}

/* Who is asked sees what the policy takes it for, which may be more than its tool's risk. */
static int ask(struct call *call, const char *rule, char *decision, struct answer *answer)
{
	const char *risk = tool_risk_name(
		policy_risk(call->gate->policy, &call->caller, call->info, call->parsed));
	int r = call->caller.on_behalf[0] ? settle_signed(call, rule, decision, answer)
					  : settle(call, rule, decision, answer);

	if (answer->approval)
		json_put(answer->approval, "risk", json_string(risk));
	return r;
}

int gate_judge(struct call *call, char *decision, struct answer *answer)
{
	char rule[ERROR_TEXT_BYTES];

	switch (policy_judge(call->gate->policy, &call->caller, call->info, call->parsed, rule)) {
	case POLICY_ALLOWS:
		if (call->must_ask)
			return ask(call, "whoever wants it wants somebody asked", decision, answer);
		(void)snprintf(decision, ERROR_TEXT_BYTES, "%s", rule);
		return 0;
	case POLICY_ASKS:
		return ask(call, rule, decision, answer);
	case POLICY_DENIES:
		break;
	}
	return error_set(&answer->err, -EACCES, "%s may not call '%s' (%s)",
			 caller_name(&call->caller), call->tool, rule);
}

static_assert(CASES_MAX_BYTES <= JOB_GIVEN_MAX_BYTES, "a job takes any case");

bool gate_gives_cases(const struct call *call)
{
	return (call->info->needs & TOOL_NEEDS_CASES) && call->gate->state_dir;
}

static char *find_cases(const struct call *call, struct error *err)
{
	char *folder = cases_find(call->gate->state_dir);

	if (!folder)
		error_set(err, -ENOENT, "no investigations are kept beside '%s'",
			  call->gate->state_dir);
	return folder;
}

int gate_check_cases(const struct call *call, struct error *err)
{
	CLEANUP(text) char *folder = NULL;

	if (!gate_gives_cases(call))
		return 0;
	folder = find_cases(call, err);
	return folder ? cases_check(call->gate->policy, &call->caller, folder, err) : err->code;
}

int gate_give_case(struct job *job, struct buf *given, struct error *err)
{
	const struct call *call = container_of(job, struct call, job);
	CLEANUP(text) char *folder = find_cases(call, err);

	return folder ? cases_load(folder, call->parsed, given, err) : err->code;
}
