#include "agent/calls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/outcome.h"
#include "agent/plan.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"

struct call *call_find(const struct calls *calls, const char *id)
{
	struct call *call = calls->list;

	while (call && strcmp(call->id, id) != 0)
		call = call->next;
	return call;
}

struct call *call_new(struct calls *calls, const char *id, enum call_state state)
{
	struct call *call = calloc(1, sizeof(*call));

	if (!call)
		abort();
	call->calls = calls;
	call->state = state;
	text_format(call->id, sizeof(call->id), "%s", id);
	call->next = calls->list;
	calls->list = call;
	calls->n++;
	return call;
}

static void drop_request(struct call *call)
{
	json_decref(call->header);
	call->header = NULL;
	free(call->args);
	call->args = NULL;
}

static void call_free(struct call *call)
{
	struct call **at = &call->calls->list;

	while (*at != call)
		at = &(*at)->next;
	*at = call->next;
	call->calls->n--;
	if (call->state == CALL_FETCHED)
		call->calls->n_collecting--;
	warden_forget(call->calls->config.warden, call);
	drop_request(call);
	plan_free(call->plan);
	free(call);
}

void calls_init(struct calls *calls, const struct calls_config *config)
{
	*calls = (struct calls) { .config = *config };
}

void calls_finish(struct calls *calls)
{
	while (calls->list)
		call_free(calls->list);
}

/* --- outcomes --------------------------------------------------------------------------- */

static int respond(struct call *call, json_t *result)
{
	struct calls *calls = call->calls;

	if (!calls->has_link) {
		json_decref(result);
		return -ENOBUFS;
	}
	return calls->config.respond(call->id, result, calls->config.data);
}

static void handle_forgotten(const struct frame *answer UNUSED, const struct error *err, void *data)
{
	struct call *call = data;

	/* A warden that went away is told again when it is back. */
	call->is_forgetting = false;
	step_reached("agent-forgot");
	if (!err)
		call_free(call);
}

static void forget(struct call *call)
{
	call->is_acknowledged = true;
	if (!call->in_spool) {
		call_free(call);
		return;
	}
	plan_forget_parts(call->calls->config.warden, call->id, call->n_parts);
	call->is_forgetting =
		warden_ask(call->calls->config.warden,
			   json_pack("{s:s, s:s}", "type", "forget", "call_id", call->id), NULL,
			   handle_forgotten, call) == 0;
}

static void handle_answer(const struct frame *answer, const struct error *err, void *data);

void call_tell(struct call *call, json_t *response, enum outcome_kind kind)
{
	call->in_spool = kind == OUTCOME_KEPT;
	if (respond(call, response) < 0) {
		/* What never started is given again by the server. */
		if (kind == OUTCOME_KEPT)
			call->state = CALL_KEPT;
		else
			call_free(call);
		return;
	}
	step_reached("agent-told");
	call->state = CALL_SENT;
	if (kind != OUTCOME_KEPT)
		call_free(call);
}

static void deliver(struct call *call, const struct frame *answer)
{
	drop_request(call);
	if (outcome_is_plan(answer)) {
		plan_start(call, answer);
		return;
	}
	if (outcome_is_done(answer))
		call->calls->n_done++;
	else
		call->calls->n_failed++;
	call_tell(call, outcome_response(answer), outcome_kind_of(answer));
}

int call_wait(struct call *call)
{
	int r = warden_ask(
		call->calls->config.warden,
		json_pack("{s:s, s:s, s:b}", "type", "collect", "call_id", call->id, "wait", 1),
		NULL, handle_answer, call);

	call->state = r < 0 ? CALL_ADRIFT : CALL_RUNS;
	call->in_spool = true;
	return r;
}

static void handle_answer(const struct frame *answer, const struct error *err, void *data)
{
	struct call *call = data;

	if (err) {
		call->state = CALL_ADRIFT;
		return;
	}
	step_reached("agent-answered");
	if (outcome_kind_of(answer) == OUTCOME_RUNS)
		(void)call_wait(call);
	else
		deliver(call, answer);
}

static void ignore(const struct frame *answer UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

/* What is not there any more needs no cancelling. */
static void cancel(struct call *call)
{
	(void)warden_ask(call->calls->config.warden,
			 json_pack("{s:s, s:s}", "type", "cancel", "call_id", call->id), NULL,
			 ignore, NULL);
}

static void ask(struct call *call)
{
	uint64_t now_ns = clock_monotonic_ns();
	json_t *header;

	if (!call->header) { /* from the spool */
		(void)call_wait(call);
		return;
	}
	header = json_copy(call->header);
	json_put(header, "deadline_ms",
		 json_integer(call->until_ns > now_ns
				      ? (json_int_t)((call->until_ns - now_ns) / NS_PER_MS) + 1
				      : 1));
	call->state = CALL_ASKED;
	if (warden_ask(call->calls->config.warden, header, call->args, handle_answer, call) < 0)
		call->state = CALL_ADRIFT;
}

/* What the warden was not told while it was away. */
static void ask_again(struct call *call)
{
	ask(call);
	if (call->is_cancelled && call->state != CALL_ADRIFT)
		cancel(call);
}

/* --- from the server -------------------------------------------------------------------- */

static void say_busy(struct calls *calls, const char *id, const char *why)
{
	(void)calls->config.respond(id, outcome_busy(why), calls->config.data);
}

static json_t *make_header(const char *id, const json_t *params)
{
	const json_t *meta = json_object_get(params, "_meta");
	const json_t *approval = json_object_get(meta, "constable/approval");
	const json_t *grant = json_object_get(meta, "constable/grant");
	json_t *header = json_pack("{s:s, s:s, s:s, s:b, s:s}", "type", "call", "tool",
				   json_get_text(params, "name", ""), "call_id", id, "progress", 1,
				   "on_behalf", json_get_text(meta, "constable/caller", "server"));

	if (approval)
		json_object_set(header, "approval", (json_t *)(uintptr_t)approval);
	if (grant)
		json_object_set(header, "grant", (json_t *)(uintptr_t)grant);
	if (json_get_bool(meta, "constable/must_ask", false))
		json_put(header, "must_ask", json_true());
	return header;
}

void calls_take(struct calls *calls, const char *id, const json_t *params)
{
	const json_t *meta = json_object_get(params, "_meta");
	const json_t *arguments = json_object_get(params, "arguments");
	json_int_t deadline_ms = json_get_int(meta, "constable/deadline_ms", 0);
	struct call *call = call_find(calls, id);

	if (call) {
		/* Given again: what is known of it is told again. */
		if (call->state == CALL_SENT)
			call->state = CALL_KEPT;
		calls_link_drained(calls);
		return;
	}
	if (!warden_is_up(calls->config.warden) || calls->n >= CALLS_MAX) {
		say_busy(calls, id,
			 calls->n >= CALLS_MAX ? "too many calls wait for the server"
					       : warden_why(calls->config.warden));
		return;
	}
	call = call_new(calls, id, CALL_ADRIFT);
	call->header = make_header(id, params);
	text_format(call->on_behalf, sizeof(call->on_behalf), "%s",
		    json_get_text(meta, "constable/caller", "server"));
	call->args = json_is_object(arguments) ? json_canonical(arguments) : strdup("{}");
	call->until_ns =
		clock_monotonic_ns() + (uint64_t)(deadline_ms > 0 ? deadline_ms : 1) * NS_PER_MS;
	calls->n_asked++;
	step_reached("agent-taken");
	ask(call);
	if (call->state == CALL_ADRIFT) {
		say_busy(calls, id, "the warden has enough to do");
		call_free(call);
	}
}

void calls_cancel(struct calls *calls, const char *id)
{
	struct call *call = call_find(calls, id);

	if (!call)
		return;
	if (call->plan) {
		plan_cancel(call);
		return;
	}
	call->is_cancelled = true;
	cancel(call);
}

void calls_acknowledge(struct calls *calls, const char *id)
{
	struct call *call = call_find(calls, id);

	step_reached("agent-acknowledged");
	if (call)
		forget(call);
}

/* --- answers that wait in the spool ------------------------------------------------------ */

static void handle_collected(const struct frame *answer, const struct error *err, void *data)
{
	struct call *call = data;
	struct calls *calls = call->calls;

	calls->n_collecting--;
	call->state = CALL_KEPT;
	if (err)
		return;
	if (outcome_kind_of(answer) == OUTCOME_KEPT) {
		deliver(call, answer);
	} else {
		/* Nobody has it any more: forgotten by hand, or the state folder was. */
		log_warn("call %s: its result is no longer there", call->id);
		(void)respond(call, outcome_response(answer));
		call_free(call);
	}
	calls_link_drained(calls);
}

void calls_link_drained(struct calls *calls)
{
	struct call *next;

	for (struct call *call = calls->list; call && calls->has_link; call = next) {
		next = call->next;
		if (call->state != CALL_KEPT || calls->n_collecting >= CALLS_MAX_COLLECTING)
			continue;
		if (warden_ask(calls->config.warden,
			       json_pack("{s:s, s:s}", "type", "collect", "call_id", call->id),
			       NULL, handle_collected, call) < 0)
			return;
		call->state = CALL_FETCHED;
		calls->n_collecting++;
	}
}

void calls_link_up(struct calls *calls)
{
	calls->has_link = true;
	calls_link_drained(calls);
}

void calls_link_down(struct calls *calls)
{
	calls->has_link = false;
	for (struct call *call = calls->list; call; call = call->next)
		if (call->state == CALL_SENT && !call->is_acknowledged)
			call->state = CALL_KEPT;
}

json_t *calls_list(const struct calls *calls)
{
	json_t *list = json_array();

	for (const struct call *call = calls->list; call; call = call->next) {
		bool ended = call->state == CALL_KEPT || call->state == CALL_FETCHED ||
			     call->state == CALL_SENT;

		json_push(list, json_pack("{s:s, s:s}", "call_id", call->id, "state",
					  ended ? "finished" : "started"));
	}
	return list;
}

void calls_retry(struct calls *calls)
{
	struct call *next;

	for (struct call *call = calls->list; call; call = next) {
		next = call->next;
		if (call->is_acknowledged && !call->is_forgetting)
			forget(call);
		else if (call->state == CALL_ADRIFT)
			ask_again(call);
	}
}

void calls_warden_up(struct calls *calls)
{
	calls_retry(calls);
	calls_compare(calls, NULL, NULL);
}

void calls_warden_down(struct calls *calls)
{
	for (struct call *call = calls->list; call; call = call->next)
		if (call->state == CALL_ASKED || call->state == CALL_RUNS)
			call->state = CALL_ADRIFT;
}
