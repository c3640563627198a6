#include "call/gate.h"

#include <errno.h>
#include <string.h>

#include "call/approval.h"
#include "call/hash.h"
#include "call/plan.h"
#include "call/redact.h"
#include "call/schema.h"

#define ARGS_MAX_BYTES (1 * MIB)

static const struct tool_info *find_tool(const struct gate *gate, const char *name)
{
	for (const struct tool_info *info = gate->catalogue; info->name; info++)
		if (strcmp(info->name, name) == 0)
			return info;
	return NULL;
}

static int parse_args(struct call *call, struct error *err)
{
	CLEANUP(json) json_t *schema = NULL;

	if (!call->n_args) {
		call->args = "{}";
		call->n_args = 2;
	}
	call->parsed = json_parse(call->args, call->n_args, ARGS_MAX_BYTES, err);
	if (!call->parsed)
		return err->code;
	if (!json_is_object(call->parsed))
		return error_set(err, -EINVAL, "not a JSON object");
	schema = json_loads(call->info->schema, 0, NULL);
	return schema_check(schema, call->parsed, err);
}

/* Asked, and answered with a yes before: only then does it go on. */
static int settle(struct call *call, const char *rule, char *decision, struct answer *answer)
{
	struct gate *gate = call->gate;
	struct approval_call asked = { &call->caller, call->tool, call->args, call->n_args };
	struct error err = { 0 };
	char by[64];

	if (call->nonce && approvals_take(gate->approvals, call->nonce, &asked, by)) {
		(void)snprintf(decision, ERROR_TEXT_BYTES, "approved by %s", by);
		return 0;
	}
	answer->approval = approvals_request(gate->approvals, &asked, &err);
	if (!answer->approval)
		return error_set(&answer->err, err.code, "%s", err.text);
	return error_set(&answer->err, -EACCES, "'%s' needs an approval (%s)", call->tool, rule);
}

static int judge(struct call *call, char *decision, struct answer *answer)
{
	char rule[ERROR_TEXT_BYTES];

	switch (policy_judge(call->gate->policy, &call->caller, call->info, call->parsed, rule)) {
	case POLICY_ALLOWS:
		(void)snprintf(decision, ERROR_TEXT_BYTES, "%s", rule);
		return 0;
	case POLICY_ASKS:
		return settle(call, rule, decision, answer);
	case POLICY_DENIES:
		break;
	}
	return error_set(&answer->err, -EACCES, "%s may not call '%s' (%s)", call->caller.who,
			 call->tool, rule);
}

/* 'info' is NULL for a call that will not run: that is recorded as a read would be. */
static int record_intent(struct call *call, const struct tool_info *info, const char *decision,
			 struct error *err)
{
	CLEANUP(json) json_t *redacted = json_deep_copy(call->parsed);
	struct audit_call entry = {
		.id = call->id,
		.caller = &call->caller,
		.tool = info,
		.tool_name = call->tool,
		.redacted_args = redacted,
		.arg_bytes = call->args,
		.n_arg_bytes = call->n_args,
		.decision = decision,
	};

	if (redacted)
		redact_json(call->gate->redactor, redacted);
	return audit_intent(call->gate->audit, &entry, err);
}

static int admit(struct call *call, struct answer *answer)
{
	char decision[ERROR_TEXT_BYTES] = "";
	int r;

	call->info = find_tool(call->gate, call->tool);
	if (!call->info)
		return error_set(&answer->err, -ENOENT,
				 "no tool named '%s'; 'constable tools' lists them", call->tool);
	r = parse_args(call, &answer->err);
	if (r < 0)
		return error_wrap(&answer->err, "arguments of '%s'", call->tool);
	r = judge(call, decision, answer);
	if (r < 0)
		return r;
	/* Last, so that what cannot be recorded does not happen. */
	r = record_intent(call, call->info, decision, &answer->err);
	return r < 0 ? error_wrap(&answer->err, "record the call") : 0;
}

static const char *name_outcome(const struct error *err)
{
	if (!err)
		return "done";
	return err->code == -ECANCELED ? "interrupted" : "failed";
}

static void finish(struct call *call, struct answer *answer)
{
	json_decref(call->parsed);
	call->parsed = NULL;
	call->answer(call, answer);
}

/* A refused call leaves a line too: who asked for what, and why not. */
static void refuse(struct call *call, struct answer *answer)
{
	struct audit_outcome refused = {
		.id = call->id,
		.outcome = "denied",
		.err = &answer->err,
	};
	struct error err = { 0 };

	if (call->parsed && (record_intent(call, NULL, answer->err.text, &err) < 0 ||
			     audit_outcome(call->gate->audit, &refused, &err) < 0))
		error_wrap(&answer->err, "not recorded (%s)", err.text);
	finish(call, answer);
	json_decref(answer->approval);
}

static void handle_job_done(struct job *job, const struct launch_outcome *outcome,
			    const struct buf *result, const struct error *err)
{
	struct call *call = container_of(job, struct call, job);
	struct answer answer = {
		.elapsed_ns = outcome->elapsed_ns,
		.walls = outcome->walls,
		.landlock_abi = outcome->landlock_abi,
		.cpu_ns = outcome->cpu_ns,
		.peak_memory_bytes = outcome->peak_memory_bytes,
	};
	struct audit_outcome entry = {
		.id = call->id,
		.outcome = name_outcome(err),
		.err = err,
		.elapsed_ns = outcome->elapsed_ns,
	};
	struct job spent = *job; /* the answer may free the call, and the job in it */
	int r;

	if (result) {
		answer.result = buf_text(result);
		answer.n_result = result->len;
		entry.result_sha256 = hash_text(answer.result, answer.n_result, answer.sha256);
	} else {
		answer.err = *err;
	}
	r = audit_outcome(call->gate->audit, &entry, &answer.err);
	if (r < 0) {
		error_wrap(&answer.err, "'%s' ran, but its outcome could not be recorded",
			   call->tool);
		answer.result = NULL;
	}
	finish(call, &answer);
	job_finish(&spent);
}

static enum sandbox_profile choose_profile(const struct call *call)
{
	if (policy_is_readonly_command(call->gate->policy, call->parsed) &&
	    strcmp(call->tool, "execute_shell_command") == 0)
		return PROFILE_DIAGNOSE;
	return sandbox_profile_for(call->info->needs);
}

/* A plan runs nothing: its calls come back through the gate one by one. */
static void answer_plan(struct call *call)
{
	struct answer answer = { .kind = ANSWER_PLAN };
	struct audit_outcome entry = { .id = call->id };
	CLEANUP(json) json_t *calls = plan_fill(call->info->plan, call->parsed);
	CLEANUP(text) char *text = calls ? json_canonical(calls) : NULL;
	struct error err = { 0 };

	if (text) {
		answer.result = text;
		answer.n_result = strlen(text);
		entry.result_sha256 = hash_text(text, answer.n_result, answer.sha256);
	} else {
		error_set(&answer.err, -EINVAL, "the plan of '%s' is none", call->tool);
		entry.err = &answer.err;
	}
	entry.outcome = name_outcome(entry.err);
	if (audit_outcome(call->gate->audit, &entry, &err) < 0) {
		answer.result = NULL;
		error_set(&answer.err, err.code, "not recorded (%s)", err.text);
	}
	finish(call, &answer);
}

void gate_submit(struct gate *gate, struct call *call)
{
	struct answer answer = { 0 };

	call->gate = gate;
	call->id = ++gate->next_id;
	call->parsed = NULL;
	call->info = NULL;
	if (admit(call, &answer) < 0) {
		refuse(call, &answer);
		return;
	}
	if (call->info->plan) {
		answer_plan(call);
		return;
	}
	call->job = (struct job) {
		.tool = call->info,
		.args = call->args,
		.n_args = call->n_args,
		.profile = choose_profile(call),
		.done = handle_job_done,
	};
	job_start(gate->runner, &call->job);
}

void gate_cancel(struct call *call)
{
	job_cancel(&call->job);
}
