#include "agent/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/outcome.h"
#include "base/clock.h"
#include "call/plan.h"

#define PART_ID_BYTES (CALLS_ID_BYTES + 16)
#define LATE_NS (60 * NS_PER_SEC) /* for a plan of which only the spool knows */

/* A call of a plan while the warden has it. */
struct part {
	struct call *call; /* NULL: not asked, or answered */
	size_t number;
};

struct plan {
	struct warden *warden;
	json_t *calls; /* [{"tool", "args"}]; those that were made have "result" or "error" */
	size_t n, next, n_open, n_bytes;
	struct part parts[PLAN_MAX_CALLS];
};

bool plan_is_part(const char *call_id)
{
	return strchr(call_id, '-') != NULL;
}

static void format_part(char id[PART_ID_BYTES], const char *call_id, size_t number)
{
	text_format(id, PART_ID_BYTES, "%s-%zu", call_id, number);
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n; i++)
		if (plan->parts[i].call)
			warden_forget(plan->warden, &plan->parts[i]);
	json_decref(plan->calls);
	free(plan);
}

static void end(struct call *call, json_t *response)
{
	plan_free(TAKE(call->plan));
	call_tell(call, response, OUTCOME_KEPT);
}

static void finish(struct call *call)
{
	CLEANUP(json) json_t *result = json_pack("{s:O}", "calls", call->plan->calls);
	CLEANUP(text) char *text = json_canonical(result);

	call->calls->n_done++;
	end(call, outcome_done(text));
}

static void make_more(struct call *call);

static void note(struct plan *plan, size_t number, const struct frame *answer)
{
	json_t *part = json_array_get(plan->calls, number);
	struct error err = { 0 };
	const char *sentence = "";
	json_t *result = NULL;

	if (warden_code(answer, &sentence) < 0)
		error_set(&err, -EREMOTEIO, "%s", sentence);
	else if (plan->n_bytes + answer->n_body > PLAN_RESULT_MAX_BYTES)
		error_set(&err, -E2BIG, "left out: other results fill the answer");
	else
		result = json_parse(answer->body, answer->n_body, FRAME_BODY_MAX_BYTES, &err);
	if (result)
		plan->n_bytes += answer->n_body;
	json_put(part, "result", result ? result : json_null());
	if (!result)
		json_put(part, "error", json_text(err.text, strlen(err.text)));
}

/* All of it again, once the warden is there and free: nothing runs twice. */
static void abandon(struct call *call)
{
	plan_free(TAKE(call->plan));
	call->state = CALL_ADRIFT;
}

static void handle_part(const struct frame *answer, const struct error *err, void *data)
{
	struct part *part = data;
	struct call *call = part->call;

	if (err) {
		part->call = NULL;
		abandon(call);
		return;
	}
	if (outcome_kind_of(answer) == OUTCOME_RUNS) {
		char id[PART_ID_BYTES];

		format_part(id, call->id, part->number);
		if (warden_ask(call->plan->warden,
			       json_pack("{s:s, s:s, s:b}", "type", "collect", "call_id", id,
					 "wait", 1),
			       NULL, handle_part, part) == 0)
			return;
	}
	note(call->plan, part->number, answer);
	part->call = NULL;
	call->plan->n_open--;
	make_more(call);
}

/* One that is late is to be missing before the plan is late itself. */
static uint64_t left_ns_for_part(const struct call *call)
{
	uint64_t now_ns = clock_monotonic_ns();
	uint64_t left_ns = call->until_ns > now_ns ? call->until_ns - now_ns : NS_PER_MS;
	uint64_t spare_ns = left_ns / 8;

	return left_ns - (spare_ns < PLAN_SPARE_NS ? spare_ns : PLAN_SPARE_NS);
}

static json_t *make_header(const struct call *call, const json_t *step, size_t number)
{
	char id[PART_ID_BYTES];

	format_part(id, call->id, number);
	return json_pack("{s:s, s:s, s:s, s:s, s:I}", "type", "call", "tool",
			 json_get_text(step, "tool", ""), "call_id", id, "on_behalf",
			 call->on_behalf[0] ? call->on_behalf : "server", "deadline_ms",
			 (json_int_t)(left_ns_for_part(call) / NS_PER_MS));
}

static int make_one(struct call *call, size_t number)
{
	const json_t *step = json_array_get(call->plan->calls, number);
	CLEANUP(text) char *args = json_canonical(json_object_get(step, "args"));
	struct part *part = &call->plan->parts[number];
	int r;

	*part = (struct part) { .call = call, .number = number };
	r = warden_ask(call->calls->config.warden, make_header(call, step, number), args,
		       handle_part, part);
	if (r < 0)
		part->call = NULL;
	return r;
}

static void make_more(struct call *call)
{
	struct plan *plan = call->plan;

	while (plan->next < plan->n && plan->n_open < PLAN_AT_ONCE) {
		if (make_one(call, plan->next) < 0)
			break;
		plan->next++;
		plan->n_open++;
	}
	if (plan->n_open)
		return;
	if (plan->next == plan->n)
		finish(call);
	else
		abandon(call); /* the warden takes no more now */
}

void plan_start(struct call *call, const struct frame *answer)
{
	struct error err = { 0 };
	json_t *calls = json_parse(answer->body, answer->n_body, FRAME_BODY_MAX_BYTES, &err);

	plan_free(TAKE(call->plan));
	call->plan = calloc(1, sizeof(*call->plan));
	if (!call->plan)
		abort();
	call->plan->warden = call->calls->config.warden;
	call->plan->calls = calls ? calls : json_array();
	call->plan->n = json_array_size(call->plan->calls);
	if (call->plan->n > PLAN_MAX_CALLS)
		call->plan->n = PLAN_MAX_CALLS;
	call->n_parts = (unsigned)call->plan->n;
	call->state = CALL_RUNS;
	if (!call->until_ns)
		call->until_ns = clock_monotonic_ns() + LATE_NS;
	make_more(call);
}

static void ignore(const struct frame *answer UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

void plan_cancel(struct call *call)
{
	char id[PART_ID_BYTES];

	for (size_t i = 0; i < call->plan->n; i++) {
		if (!call->plan->parts[i].call)
			continue;
		format_part(id, call->id, i);
		(void)warden_ask(call->calls->config.warden,
				 json_pack("{s:s, s:s}", "type", "cancel", "call_id", id), NULL,
				 ignore, NULL);
	}
	call->calls->n_failed++;
	end(call, outcome_failed(-ECANCELED, "interrupted", "it was cancelled"));
}

void plan_forget_parts(struct warden *warden, const char *call_id, unsigned n)
{
	char id[PART_ID_BYTES];

	for (unsigned i = 0; i < n && i < PLAN_MAX_CALLS; i++) {
		format_part(id, call_id, i);
		(void)warden_ask(warden, json_pack("{s:s, s:s}", "type", "forget", "call_id", id),
				 NULL, ignore, NULL);
	}
}
