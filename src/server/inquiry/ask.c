/* One call that an investigator asks for: through the queue to its host, and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "server/inquiry/ask_internal.h"
#include "server/inquiry/remedy.h"

#define MAX_OPEN LEDGER_MAX_ITEMS
#define AFTER_DEADLINE_NS (3 * NS_PER_SEC)

static const char call_sql[] = "SELECT state, result, result_sha256, error_code, error, meta "
			       "FROM calls WHERE org = $1 AND id = $2";

void ask_leave(struct ask *ask)
{
	if (ask->link)
		*ask->link = ask->next;
	if (ask->link && ask->next)
		ask->next->link = ask->link;
	ask->link = NULL;
}

void ask_free(struct ask *ask)
{
	if (ask->waits_since_ns)
		ask_hear_person(ask, "");
	ask_forget_foreign(ask);
	ask_leave(ask);
	if (ask->is_waiting)
		hub_wait_cancel(&ask->wait);
	if (ask->ticket)
		store_forget(ask->leg->run->inquiries->config.store, ask->ticket);
	free(ask->tool);
	free(ask->args);
	free(ask->why);
	free(ask);
}

struct ask *ask_new(struct leg *leg, const struct ask_words *words, const json_t *args)
{
	struct ask *ask = calloc(1, sizeof(*ask));

	if (!ask)
		abort();
	*ask = (struct ask) {
		.leg = leg,
		.next = leg->asks,
		.link = &leg->asks,
		.hub = leg->run->inquiries->config.hub,
		.id = words->id,
		.number = words->number,
		.tool = strdup(words->tool),
		.args = json_canonical(args),
		.why = words->why ? strdup(words->why) : NULL,
		.risk = "reads",
	};
	if (!ask->tool || (words->why && !ask->why))
		abort();
	text_format(ask->org, sizeof(ask->org), "%s", leg->run->org);
	if (ask->next)
		ask->next->link = &ask->next;
	leg->asks = ask;
	return ask;
}

static void send_answer(struct leg *leg, json_int_t id, const struct evidence_row *row)
{
	CLEANUP(json)
	json_t *header = json_pack("{s:s, s:I, s:i, s:f, s:s*, s:s*, s:s*}", "type", "answer", "id",
				   id, "code", row->code, "elapsed_ms", row->elapsed_ms, "error",
				   row->error, "sha256", row->sha256, "outcome",
				   row->outcome ? row->outcome : row->state);

	leg_send(
		leg, header,
		(struct str) { row->bytes ? row->bytes : "", row->bytes ? strlen(row->bytes) : 0 });
}

void ask_settle(struct ask *ask, struct evidence_row *row)
{
	struct leg *leg = ask->leg;
	json_int_t id = ask->id;
	size_t len = row->bytes ? strlen(row->bytes) : 0;

	row->number = ask->number;
	row->tool = ask->tool;
	if (row->code == 0 &&
	    (len > LEDGER_ITEM_MAX_BYTES || leg->n_bytes + len > LEDGER_MAX_BYTES))
		*row = (struct evidence_row) {
			.number = ask->number,
			.tool = ask->tool,
			.code = -E2BIG,
			.error = "the result is too large for one investigation",
			.elapsed_ms = row->elapsed_ms,
		};
	else
		leg->n_bytes += len;
	if (ask->is_context) {
		tell_call_ended(leg, row);
		ask_free(ask);
		leg_take_context(leg, (struct str) { row->bytes, row->bytes ? len : 0 });
		return;
	}
	record_answered(leg, row);
	if (!ask->is_dropped)
		run_note_made(leg, row);
	tell_call_ended(leg, row);
	if (ask->is_dropped) {
		leg_take_dropped(leg, row);
		ask_free(ask);
		leg_begin_child(leg);
		return;
	}
	send_answer(leg, id, row);
	step_reached("inquiry-answered");
	ask_free(ask);
}

static void settle_failed(struct ask *ask, int code, const char *sentence)
{
	ask_settle(ask, &(struct evidence_row) { .code = code, .error = sentence });
}

static int code_of(const char *state, const struct store_rows *rows)
{
	if (strcmp(state, "done") == 0)
		return 0;
	if (store_at(rows, 0, 3)->kind == STORE_INT && store_int_at(rows, 0, 3) < 0)
		return (int)store_int_at(rows, 0, 3);
	if (strcmp(state, "expired") == 0)
		return -ETIMEDOUT;
	return strcmp(state, "denied") == 0 ? -EACCES : -ECANCELED;
}

static void read_call(struct ask *ask);

static void handle_read(const struct store_result *result, const struct error *err, void *data)
{
	struct ask *ask = data;
	const struct store_rows *rows;
	CLEANUP(json) json_t *meta = NULL;
	struct evidence_row row = { 0 };
	const char *state;

	ask->ticket = 0;
	if (err && err->code == -EIO) {
		read_call(ask); /* the store starts again meanwhile */
		return;
	}
	if (err || result->steps[0].n_rows == 0) {
		settle_failed(ask, -EIO, err ? err->text : "the call is not in the store");
		return;
	}
	rows = &result->steps[0];
	state = store_text_at(rows, 0, 0);
	ask_end_approval(ask, state, store_text_at(rows, 0, 4));
	meta = json_loads(store_text_at(rows, 0, 5), 0, NULL);
	row.state = state;
	row.code = code_of(state, rows);
	row.elapsed_ms = json_get_number(meta, "elapsed_ms", 0);
	if (row.code == 0) {
		row.bytes = store_text_at(rows, 0, 1);
		row.sha256 = store_text_at(rows, 0, 2);
	} else {
		row.error = *store_text_at(rows, 0, 4) ? store_text_at(rows, 0, 4) : state;
		if (ask->is_dropped && strcmp(state, "cancelled") == 0)
			row.error = "the server started again before this call had ended, and "
				    "cancelled it";
		if (strcmp(state, "denied") == 0 && !ask->has_waited)
			record_refused(ask->leg, &(struct refusal) { "host", ask->tool, row.error,
								     ask->number });
	}
	ask_settle(ask, &row);
}

static void read_call(struct ask *ask)
{
	const struct store_value values[] = { store_text(ask->org), store_text(ask->call) };
	const struct store_step step = { call_sql, values, ARRAY_LEN(values), STORE_ANY };

	ask->ticket = store_submit(
		ask->leg->run->inquiries->config.store,
		&(struct store_batch) { .org = ask->org, .steps = &step, .n_steps = 1 },
		handle_read, ask);
}

static void ignore(const struct store_result *result UNUSED, const struct error *err UNUSED,
		   void *data UNUSED)
{
}

static void handle_outcome(struct hub_wait *wait, const char *state, const struct error *err)
{
	struct ask *ask = container_of(wait, struct ask, wait);

	ask->is_waiting = false;
	if (err) {
		settle_failed(ask, err->code, err->text);
	} else if (hub_is_outcome(state)) {
		read_call(ask);
	} else if (ask->may_run && strcmp(state, "waiting_approval") == 0) {
		ask_cancel_dropped(ask);
	} else if (wait->ends_at_approval && strcmp(state, "waiting_approval") == 0) {
		ask_approval(ask);
	} else {
		hub_cancel(ask->hub, ask->org, ask->call, ignore, NULL);
		ask_end_approval(ask, "cancelled", "the host did not answer in time");
		ask_settle(ask, &(struct evidence_row) { .code = -ETIMEDOUT,
							 .error = "the host did not answer in time",
							 .state = "unknown" });
	}
}

void ask_wait(struct ask *ask, enum hub_wait_since since, uint64_t patience_ns)
{
	ask->is_waiting = true;
	ask->wait = (struct hub_wait) {
		.org = ask->org,
		.call = ask->call,
		.until_ns = clock_monotonic_ns() + patience_ns,
		.ends_at_approval = ask->may_run || (ask->why && !ask->has_waited),
		.since = since,
		.done = handle_outcome,
	};
	hub_wait(ask->hub, &ask->wait);
}

void ask_refuse(struct ask *ask, int code, const char *sentence)
{
	/* Where the store died over it, it may be queued. */
	const char *outcome =
		code == -EIO ? "unknown" : remedy_outcome(ask->leg->run, ask->tool, ask->args);

	record_asked(ask->leg, &(struct evidence_row) { .number = ask->number,
							.call = "",
							.tool = ask->tool,
							.args = ask->args });
	if (code != -EDQUOT || !ask->leg->run->is_over_budget)
		record_refused(ask->leg,
			       &(struct refusal) { "server", ask->tool, sentence, ask->number });
	ask->leg->run->is_over_budget |= code == -EDQUOT;
	ask_settle(ask, &(struct evidence_row) {
				.code = code,
				.error = sentence,
				.outcome = outcome,
			});
}

static void handle_submitted(const char *id, const struct error *err, void *data)
{
	struct ask *ask = data;

	ask->is_submitting = false;
	if (!ask->leg) { /* nobody wants it any more */
		if (!err)
			hub_cancel(ask->hub, ask->org, id, ignore, NULL);
		ask_free(ask);
		return;
	}
	if (err) {
		ask_refuse(ask, err->code, err->text);
		return;
	}
	text_format(ask->call, sizeof(ask->call), "%s", id);
	step_reached("inquiry-asked");
	ask_wait(ask, HUB_WAIT_SUBMITTED, RUN_CALL_NS + AFTER_DEADLINE_NS);
}

void ask_send(struct ask *ask, const char *grant)
{
	struct leg *leg = ask->leg;
	struct run *run = leg->run;
	enum hub_presence presence = hub_get_state(ask->hub, run->org, leg->agent).presence;
	bool is_there = presence == HUB_CONNECTED || presence == HUB_STALE;
	struct store_value values[RECORD_QUEUED_VALUES];
	struct store_step record;
	struct hub_call call = {
		.org = run->org,
		.agent = leg->agent,
		.tool = ask->tool,
		.args = ask->args,
		.caller = run->caller,
		.risk = ask->risk,
		.grant = grant,
		.must_ask = run_is_remedy(run) && ask->why,
		.approval_wait_ns = ask->why ? ask_approval_ns(ask) : 0,
		.guard = &run->guard,
		.deadline_ns = clock_wall_ns() + (!is_there         ? RUN_ABSENT_NS
						  : ask->is_context ? RUN_CONTEXT_NS
								    : RUN_CALL_NS),
	};

	if (!ask->is_context) {
		record = record_queued(leg, ask->number, values);
		call.record = &record;
	}
	run->n_calls++;
	run->inquiries->counters.calls++;
	ask->is_submitting = true;
	hub_submit(ask->hub, &call, handle_submitted, ask);
}

static bool is_same(const json_t *item, const struct ask *ask)
{
	CLEANUP(text) char *args = json_canonical(json_object_get(item, "args"));

	return strcmp(json_get_text(item, "tool", ""), ask->tool) == 0 &&
	       strcmp(args, ask->args) == 0;
}

/* It was asked before the restart: answered then, or under way still. */
static void replay(struct ask *ask, const json_t *item)
{
	const char *bytes = json_get_text(item, "bytes", NULL);

	if (!json_object_get(item, "code")) {
		text_format(ask->call, sizeof(ask->call), "%s", json_get_text(item, "call", ""));
		ask_wait(ask, HUB_WAIT_ANY, RUN_CALL_NS);
		return;
	}
	ask->leg->run->inquiries->counters.replayed++;
	ask->leg->n_bytes += bytes ? strlen(bytes) : 0;
	send_answer(ask->leg, ask->id,
		    &(struct evidence_row) {
			    .code = (int)json_get_int(item, "code", 0),
			    .error = json_get_text(item, "error", NULL),
			    .sha256 = json_get_text(item, "sha256", NULL),
			    .bytes = bytes,
			    .elapsed_ms = json_get_number(item, "elapsed_ms", 0),
			    .state = json_get_text(item, "state", NULL),
		    });
	ask_free(ask);
}

/* Its tools are others than before: what is on record is given to another investigator. */
static void restore(struct leg *leg)
{
	leg->replay = LEG_RESTORES;
	leg_halt(leg);
	leg_begin_child(leg);
}

static void begin(struct ask *ask, const json_t *args)
{
	struct leg *leg = ask->leg;
	const json_t *item = leg->replay == LEG_REPLAYS ? leg_recorded(leg, ask->number) : NULL;
	bool may_wait;

	if (item && is_same(item, ask)) {
		replay(ask, item);
		return;
	}
	if (item) {
		restore(leg);
		return;
	}
	leg->replay = leg->replay == LEG_REPLAYS ? LEG_FRESH : leg->replay;
	tell_call_started(leg, ask->number, ask->tool, args);
	if (ask_foreign(ask))
		return;
	ask->risk = leg_risk(leg, ask->tool);
	may_wait =
		ask->why || (strcmp(ask->risk, "reads") != 0 && strcmp(ask->risk, "traces") != 0);
	if (may_wait && ask_change_fault(ask))
		ask_refuse(ask, -EACCES, ask_change_fault(ask));
	else if (run_calls_fault(leg->run))
		ask_refuse(ask, -EDQUOT, run_calls_fault(leg->run));
	else if (may_wait)
		ask_change(ask);
	else
		ask_send(ask, NULL);
}

void ask_start(struct leg *leg, const struct ask_words *words)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *args = json_parse(words->args.data, words->args.len, HUB_ARGS_MAX_BYTES, &err);
	unsigned n_open = 0;

	for (const struct ask *ask = leg->asks; ask; ask = ask->next)
		n_open++;
	if (!json_is_object(args) || n_open == MAX_OPEN || strlen(words->tool) > 64) {
		send_answer(leg, words->id,
			    &(struct evidence_row) { .code = -EINVAL, .error = "a bad call" });
		return;
	}
	begin(ask_new(leg, words, args), args);
}
