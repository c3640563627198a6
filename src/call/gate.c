#include "call/gate.h"

#include <errno.h>
#include <string.h>

#include "base/step.h"
#include "call/gate_internal.h"
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

	call->parsed = json_parse(call->args, call->n_args, ARGS_MAX_BYTES, err);
	if (!call->parsed)
		return err->code;
	if (!json_is_object(call->parsed))
		return error_set(err, -EINVAL, "not a JSON object");
	schema = json_loads(call->info->schema, 0, NULL);
	return schema_check(schema, call->parsed, err);
}

/* 'info' is NULL for a call that will not run: that is recorded as a read would be. */
static int record_intent(struct call *call, const struct tool_info *info, const char *decision,
			 struct error *err)
{
	CLEANUP(json) json_t *redacted = json_deep_copy(call->parsed);
	struct audit_call entry = {
		.id = call->id,
		.call_id = call->call_id,
		.caller = &call->caller,
		.tool = info,
		.tool_name = call->tool,
		.redacted_args = redacted,
		.arg_bytes = call->args,
		.n_arg_bytes = call->n_args,
		.decision = decision,
		.approver = call->approver[0] ? call->approver : NULL,
		.grant = call->grant[0] ? call->grant : NULL,
	};

	if (redacted)
		redact_json(call->gate->redactor, redacted);
	return audit_intent(call->gate->audit, &entry, err);
}

/* What cannot be recorded does not happen. */
static int record(struct call *call, const char *decision, struct error *err)
{
	int r = 0;

	step_reached("gate-accepted");
	call->id = audit_next_id(call->gate->audit);
	if (call->call_id)
		r = gate_keep(call, err);
	if (r < 0)
		return r;
	step_reached("gate-kept");
	r = record_intent(call, call->info, decision, err);
	if (r == 0) {
		step_reached("gate-intended");
		return 0;
	}
	/* A line that could not be synced may be there: then the next start ends the call. */
	if (call->call_id && !audit_is_open(call->gate->audit, call->id))
		spool_abandon(call->gate->spool, call->call_id);
	return error_wrap(err, "record the call");
}

static int find_and_parse(struct call *call, struct error *err)
{
	int r;

	call->info = find_tool(call->gate, call->tool);
	if (!call->info)
		return error_set(err, -ENOENT, "no tool named '%s'; 'constable tools' lists them",
				 call->tool);
	r = parse_args(call, err);
	return r < 0 ? error_wrap(err, "arguments of '%s'", call->tool) : 0;
}

static int admit(struct call *call, struct answer *answer)
{
	char decision[ERROR_TEXT_BYTES] = "";
	int r = find_and_parse(call, &answer->err);

	if (r == 0)
		r = gate_judge(call, decision, answer);
	if (r == 0)
		r = gate_check_cases(call, &answer->err);
	return r == 0 ? record(call, decision, &answer->err) : r;
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
		.id = audit_next_id(call->gate->audit),
		.call_id = call->call_id,
		.outcome = "denied",
		.err = &answer->err,
	};
	struct error err = { 0 };

	answer->outcome = "denied";
	call->id = refused.id;
	if (call->parsed && (record_intent(call, NULL, answer->err.text, &err) < 0 ||
			     audit_outcome(call->gate->audit, &refused, &err) < 0))
		error_wrap(&answer->err, "not recorded (%s)", err.text);
	finish(call, answer);
	json_decref(answer->approval);
}

static void record_outcome(const struct call *call, struct answer *answer)
{
	struct audit_outcome entry = {
		.id = call->id,
		.call_id = call->call_id,
		.outcome = answer->outcome,
		.err = &answer->err,
		.result_sha256 = answer->result ? answer->sha256 : NULL,
		.elapsed_ns = answer->elapsed_ns,
	};
	struct error err = { 0 };

	if (audit_outcome(call->gate->audit, &entry, &err) == 0)
		return;
	/* A kept answer stands: the log is given its outcome when it can be opened again. */
	if (call->call_id)
		return;
	answer->err = err;
	error_wrap(&answer->err, "'%s' ran, but its outcome could not be recorded", call->tool);
	answer->result = NULL;
}

static void conclude(struct call *call, struct answer *answer)
{
	if (!call->call_id || gate_keep_answer(call, answer)) {
		step_reached("gate-finished");
		record_outcome(call, answer);
	}
	step_reached("gate-recorded");
	finish(call, answer);
	step_reached("gate-answered");
}

/* A plan runs nothing: its calls come back through the gate one by one. */
static void answer_plan(struct call *call)
{
	struct answer answer = { .kind = ANSWER_PLAN };
	CLEANUP(json) json_t *calls = plan_fill(call->info->plan, call->parsed);
	CLEANUP(text) char *text = calls ? json_canonical(calls) : NULL;

	if (text) {
		answer.result = text;
		answer.n_result = strlen(text);
		hash_text(text, answer.n_result, answer.sha256);
	} else {
		error_set(&answer.err, -EINVAL, "the plan of '%s' is none", call->tool);
	}
	answer.outcome = name_outcome(text ? NULL : &answer.err);
	conclude(call, &answer);
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
		.outcome = name_outcome(err),
	};
	struct job spent = *job; /* the answer may free the call, and the job in it */

	step_reached("gate-ended");
	if (result) {
		answer.result = buf_text(result);
		answer.n_result = result->len;
		hash_text(answer.result, answer.n_result, answer.sha256);
	} else {
		answer.err = *err;
	}
	conclude(call, &answer);
	job_finish(&spent);
}

static enum sandbox_profile choose_profile(const struct call *call)
{
	if (policy_is_readonly_command(call->gate->policy, call->parsed) &&
	    strcmp(call->tool, "execute_shell_command") == 0)
		return PROFILE_DIAGNOSE;
	return sandbox_profile_for(call->info->needs);
}

/* An answer is due at once: the call is no durable one, or was made before. */
static bool answer_known(struct call *call, struct answer *answer)
{
	CLEANUP(frame) struct frame kept = { 0 };

	if (!call->call_id)
		return false;
	if (gate_check_durable(call, &answer->err) == 0 && !gate_is_known(call, &kept, answer))
		return false;
	answer->outcome = "denied"; /* of this one; a kept answer has its own */
	finish(call, answer);
	return true;
}

static void handle_progress(struct job *job, const struct progress_piece *piece)
{
	struct call *call = container_of(job, struct call, job);

	call->show(call, piece);
}

void gate_submit(struct gate *gate, struct call *call)
{
	struct answer answer = { 0 };

	call->gate = gate;
	call->parsed = NULL;
	call->info = NULL;
	call->approver[0] = call->grant[0] = '\0';
	if (!call->n_args) {
		call->args = "{}";
		call->n_args = 2;
	}
	if (answer_known(call, &answer))
		return;
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
		.give = gate_gives_cases(call) ? gate_give_case : NULL,
		.profile = choose_profile(call),
		.root_set = policy_root_set(gate->policy, &call->caller),
		.deadline_ns = call->deadline_ns,
		.done = handle_job_done,
		.show = call->show ? handle_progress : NULL,
	};
	job_start(gate->runner, &call->job);
	step_reached("gate-launched");
}

void gate_cancel(struct call *call)
{
	job_cancel(&call->job);
}
