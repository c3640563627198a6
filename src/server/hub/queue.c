#include "server/hub/queue.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "identity/token.h"
#include "server/hub/flight_internal.h"

#define CALLER_MAX_BYTES 128
#define TOOL_MAX_BYTES 64

bool hub_is_outcome(const char *state)
{
	return strcmp(state, "queued") != 0 && strcmp(state, "waiting_approval") != 0;
}

/* It grows also when the clock steps back, and when two come within a tick. */
static int64_t next_cursor(struct hub *hub)
{
	int64_t now = (int64_t)clock_wall_ns();

	hub->last_cursor = now > hub->last_cursor ? now : hub->last_cursor + 1;
	return hub->last_cursor;
}

static int check(const struct hub *hub, const struct hub_call *call, struct error *err)
{
	if (hub->is_ending)
		return error_set(err, -ESHUTDOWN, "the server is about to end");
	if (strlen(call->args) > HUB_ARGS_MAX_BYTES)
		return error_set(err, -E2BIG, "more than %zu bytes of arguments",
				 HUB_ARGS_MAX_BYTES);
	if (!*call->tool || strlen(call->tool) > TOOL_MAX_BYTES ||
	    strlen(call->caller) > CALLER_MAX_BYTES)
		return error_set(err, -EINVAL, "the name of the tool or of the caller is too long");
	if (call->deadline_ns <= clock_wall_ns())
		return error_set(err, -EINVAL, "the deadline has passed");
	return 0;
}

/* Which of the expectations was not met says what is wrong. */
static void explain(const struct error *err, struct error *why)
{
	if (err->code == -ENOENT)
		error_set(why, -ENOENT, "no such agent, or it was revoked");
	else if (err->code == -EEXIST)
		error_set(why, -EBUSY, "%d calls wait for this agent already", HUB_MAX_QUEUED);
	else
		*why = *err;
}

static void handle_submitted(struct hub_op *op, const struct store_result *result UNUSED,
			     const struct error *err)
{
	struct hub_link *link = hub_ready_link(hub_find(op->hub, op->org, op->agent));
	struct error why = { 0 };

	if (err) {
		/*
		 * Where the store died over it, it may be there: with a deadline, and in the
		 * queue, so that the next one is not the next.
		 */
		if (err->code != -ENOENT && err->code != -EEXIST)
			expiry_note(op->hub, op->note->deadline_ns);
		if (link && err->code == -EIO)
			link->is_dry = 0;
		explain(err, &why);
		op->submitted(NULL, &why, op->user);
		return;
	}
	step_reached("hub-queued");
	op->hub->counters.calls_submitted++;
	expiry_note(op->hub, op->note->deadline_ns);
	op->submitted(op->call, NULL, op->user);
	step_reached("hub-accepted");
	if (link)
		link_pump_new(link, op);
}

static void add_check(struct hub_batch *batch, const struct hub_op *op)
{
	BATCH_ADD(batch, STORE_NONE,
		  "SELECT n FROM (SELECT COUNT(*) AS n FROM calls WHERE org = $1 AND agent = $2"
		  " AND state IN ('queued', 'waiting_approval')) AS open_calls WHERE n >= $3",
		  store_text(op->org), store_text(op->agent), store_int(HUB_MAX_QUEUED));
}

/* No row where there is no such agent. 'hash' has to live as long as the batch. */
static void add_call(struct hub_batch *batch, const struct hub_op *op, const struct hub_call *call,
		     int64_t cursor, char hash[TOKEN_HASH_BYTES])
{
	uint64_t now_ns = clock_wall_ns();
	uint64_t approval_wait_ns =
		call->approval_wait_ns ? call->approval_wait_ns : HUB_APPROVAL_WAIT_NS;

	BATCH_ADD(batch, STORE_SOME,
		  "INSERT INTO calls (org, id, agent, state, cursor, tool, args_sha256, caller,"
		  " risk, created, deadline, args, timeout, approval_wait, grant_id, meta)"
		  " SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), id, 'queued', CAST($4 AS BIGINT),"
		  " CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($8 AS TEXT),"
		  " CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS TEXT),"
		  " CAST($12 AS BIGINT), CAST($13 AS BIGINT), CAST($14 AS TEXT),"
		  " CAST($15 AS TEXT)"
		  " FROM agents WHERE org = $1 AND id = $3 AND revoked IS NULL",
		  store_text(op->org), store_text(op->call), store_text(op->agent),
		  store_int(cursor), store_text(call->tool),
		  store_text(token_hash(call->args, strlen(call->args), hash)),
		  store_text(call->caller), store_text(call->risk), store_int((int64_t)now_ns),
		  store_int((int64_t)call->deadline_ns), store_text(call->args),
		  store_int((int64_t)(call->deadline_ns - now_ns)),
		  store_int((int64_t)approval_wait_ns), store_text(call->grant),
		  call->must_ask ? store_text(MUST_ASK_META) : store_null());
}

static void submit(struct hub *hub, struct hub_op *op, const struct hub_call *call)
{
	const struct store_step *const more[] = { call->guard, call->record };
	struct hub_batch batch = { 0 };
	char hash[TOKEN_HASH_BYTES];
	int64_t cursor = next_cursor(hub);

	op->note = call_note(call, cursor);
	add_check(&batch, op);
	add_call(&batch, op, call, cursor, hash);
	for (unsigned i = 0; i < ARRAY_LEN(more); i++)
		if (more[i])
			hub_batch_add(&batch, more[i]->expect, more[i]->sql, more[i]->params,
				      more[i]->n_params);
	hub_batch_event_text(&batch, op, "call",
			     json_fill("{\"agent\":$s,\"id\":$s,\"state\":\"queued\",\"tool\":$s}",
				       op->agent, op->call, call->tool));
	hub_op_submit(op, &batch);
}

static void handle_refused(struct hub_op *op, const struct store_result *result UNUSED,
			   const struct error *err UNUSED)
{
	struct error why = { .code = (int)json_get_int(op->json, "code", -EINVAL) };

	text_format(why.text, sizeof(why.text), "%s", json_get_text(op->json, "error", ""));
	op->submitted(NULL, &why, op->user);
}

/* What is wrong with the call itself is told from the loop as well. */
static void refuse(struct hub_op *op, const struct error *err)
{
	struct hub_batch nothing = { 0 };

	op->json = json_pack("{s:i, s:s}", "code", err->code, "error", err->text);
	op->done = handle_refused;
	BATCH_ADD(&nothing, STORE_ANY, "SELECT CAST($1 AS TEXT)", store_text(op->org));
	hub_op_submit(op, &nothing);
}

/*
 * Milliseconds, then 80 random bits: what is new lies together in the store's indexes, where
 * each of a group's calls would else change a page of its own.
 */
static void make_id(char id[HUB_ID_BYTES])
{
	char nonce[NONCE_TEXT_BYTES];

	text_format(id, HUB_ID_BYTES, "c_%012" PRIx64 "%.20s", clock_wall_ns() / NS_PER_MS,
		    nonce_make(nonce));
}

void hub_submit(struct hub *hub, const struct hub_call *call, hub_submitted *done, void *data)
{
	char id[HUB_ID_BYTES];
	struct error err = { 0 };
	struct hub_op *op;

	make_id(id);
	op = hub_op_new(hub, call->org, call->agent, id);
	op->submitted = done;
	op->user = data;
	if (check(hub, call, &err) < 0) {
		refuse(op, &err);
		return;
	}
	op->done = handle_submitted;
	submit(hub, op, call);
}

bool call_may_have_started(const struct hub_entry *entry, const char *call, int64_t adrift)
{
	const struct hub_flight *flight = entry ? flight_find(entry, call) : NULL;

	if (flight)
		return flight->state != FLIGHT_PAUSED;
	return adrift && !hub_ready_link(entry);
}
