/* Outcomes: the first one of a call is stored, then its agent may forget it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "identity/token.h"
#include "server/hub/relay_internal.h"

static char *event_of(const struct hub_op *op)
{
	return json_fill("{\"agent\":$s,\"id\":$s,\"state\":$s}", op->agent, op->call, op->state);
}

static void acknowledge(const struct hub_op *op)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);

	if (link && link->state == LINK_READY)
		acks_add(link, op->call);
}

/* The agent keeps what was not acknowledged, and says it again on its next link. */
static void give_up(const struct hub_op *op)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);

	if (link)
		link_close(link, WEBSOCKET_TRY_LATER, "the store does not take outcomes");
}

/* It is on disk; or it is not, and its agent has it still, whatever the call's row says. */
static void settle(struct hub_op *op, const struct error *err)
{
	struct hub_entry *entry = hub_find(op->hub, op->org, op->agent);
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);

	if (link)
		link_release(link);
	if (!entry)
		return;
	if (err && err->code != -ENOENT)
		flight_cast_adrift(entry, op->call);
	else
		flight_end(entry, op->call);
	link = hub_ready_link(entry);
	if (link)
		link_pump(link);
}

static void handle_late(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	if (err && err->code != -ENOENT) {
		give_up(op);
	} else {
		if (result && result->steps[1].n_rows)
			op->hub->counters.outcomes_late++;
		acknowledge(op);
	}
	settle(op, err);
	if (op->user_done)
		hub_op_tell(op, result, err);
}

/*
 * It has an outcome already: this one again, or one that the server had to find while
 * the agent was away. What was produced is then kept beside it.
 */
static void keep_late(struct hub_op *op)
{
	struct hub_op *late = hub_op_new(op->hub, op->org, op->agent, op->call);
	const char *text = json_string_value(op->json); /* NULL where there is no result */
	char hash[TOKEN_HASH_BYTES];
	struct hub_batch batch = { 0 };

	late->link = op->link;
	late->done = handle_late;
	late->user_done = op->user_done;
	late->user = op->user;
	BATCH_ADD(&batch, STORE_SOME,
		  "SELECT id FROM calls WHERE org = $1 AND id = $2 AND agent = $3"
		  " AND finished IS NOT NULL",
		  store_text(op->org), store_text(op->call), store_text(op->agent));
	BATCH_ADD(&batch, STORE_ANY,
		  "UPDATE calls SET result = $4, result_sha256 = $5, meta = '{\"late\":true}'"
		  " WHERE org = $1 AND id = $2 AND agent = $3 AND finished IS NOT NULL"
		  " AND result IS NULL AND CAST($4 AS TEXT) IS NOT NULL"
		  " AND state IN ('interrupted', 'expired', 'cancelled') RETURNING id",
		  store_text(op->org), store_text(op->call), store_text(op->agent),
		  store_text(text), store_text(text ? token_hash(text, strlen(text), hash) : NULL));
	op->hub->counters.outcomes_again++;
	hub_op_submit(late, &batch);
}

static void handle_stored(struct hub_op *op, const struct store_result *result,
			  const struct error *err)
{
	if (err && (err->code == -ENOENT)) {
		keep_late(op);
		return;
	}
	if (err) {
		give_up(op);
	} else {
		step_reached("hub-stored");
		op->hub->counters.outcomes++;
		waits_wake(op->hub, op->org, op->call, op->state);
		acknowledge(op);
		step_reached("hub-acknowledged");
	}
	settle(op, err);
	hub_op_tell(op, result, err);
}

static void store_outcome(struct hub_op *op, const struct response *response)
{
	bool failed = response->code < 0;
	struct hub_batch batch = { 0 };

	op->done = handle_stored;
	op->state = response->state;
	if (!failed) /* jansson counts references in what else is const */
		op->json = json_incref((json_t *)(uintptr_t)response->text_json);
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET state = $4, finished = $5, result = $6, result_sha256 = $7,"
		  " error_code = $8, error = $9, meta = $10 WHERE org = $1 AND id = $2"
		  " AND agent = $3 AND finished IS NULL",
		  store_text(op->org), store_text(op->call), store_text(op->agent),
		  store_text(response->state), store_int((int64_t)clock_wall_ns()),
		  store_text(failed ? NULL : response->text),
		  store_text(failed ? NULL : response->sha256),
		  failed ? store_int(response->code) : store_null(),
		  store_text(failed ? response->text : NULL), store_text(response->meta_text));
	hub_batch_event_text(&batch, op, "call", event_of(op));
	hub_op_submit(op, &batch);
}

static void handle_waiting(struct hub_op *op, const struct store_result *result,
			   const struct error *err)
{
	if (!err) {
		expiry_note(op->hub, (uint64_t)store_int_at(&result->steps[0], 0, 0));
		waits_wake(op->hub, op->org, op->call, op->state);
	} else if (err->code != -ENOENT) {
		give_up(op);
	}
	settle(op, NULL);
	hub_op_tell(op, result, err);
}

/* What its host takes the call for, which may be more than the catalogue knows; NULL: as it was. */
static const char *risk_of(const struct response *response)
{
	static const char *const risks[] = { "reads", "traces", "changes" };
	const char *risk = json_get_text(response->approval, "risk", "");

	for (size_t i = 0; i < ARRAY_LEN(risks); i++)
		if (strcmp(risk, risks[i]) == 0)
			return risks[i];
	return NULL;
}

/* Not an outcome: the warden gave a nonce, and a person may sign. */
static void store_waiting(struct hub_op *op, const struct response *response)
{
	struct hub_claim claim;
	struct hub_batch batch = { 0 };

	op->done = handle_waiting;
	op->state = "waiting_approval";
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET state = 'waiting_approval', meta = $4,"
		  " deadline = $5 + COALESCE(approval_wait, $6), risk = COALESCE($7, risk) WHERE "
		  "org = $1"
		  " AND id = $2 AND agent = $3 AND finished IS NULL RETURNING deadline",
		  store_text(op->org), store_text(op->call), store_text(op->agent),
		  store_text(response->meta_text), store_int((int64_t)clock_wall_ns()),
		  store_int((int64_t)HUB_APPROVAL_WAIT_NS), store_text(risk_of(response)));
	/* One who was taken for dead may read it late. */
	if (op->link) {
		claim = claim_of(hub_find(op->hub, op->org, op->agent));
		claim_add_check(&batch, op, &claim);
	}
	hub_batch_event_text(&batch, op, "call", event_of(op));
	hub_op_submit(op, &batch);
}

static void refuse_bad(struct hub_link *link, const char *call, const struct error *err)
{
	link->hub->counters.messages_bad++;
	log_warn("agent %s: call %s: %s", link->entry->agent, call, err->text);
	outcome_end(link->hub, &(struct hub_ending) {
				       .org = link->entry->org,
				       .agent = link->entry->agent,
				       .call = call,
				       .state = "failed",
				       .code = err->code,
				       .error = err->text,
				       .link = link,
			       });
}

/* A JSON-RPC error: the agent could not even try. */
static void take_error(struct hub_link *link, const char *call,
		       const struct jsonrpc_message *message)
{
	struct response response = {
		.state = "failed",
		.text = message->error,
		.code = (int)json_get_int(message->error_data, "code", -EREMOTEIO),
		.meta_text = json_fill("{}"),
	};
	struct hub_op *op = hub_op_new(link->hub, link->entry->org, link->entry->agent, call);

	if (response.code >= 0)
		response.code = -EREMOTEIO;
	op->link = link->number;
	link_hold(link);
	store_outcome(op, &response);
	response_finish(&response);
}

void outcome_handle(struct hub_link *link, const struct jsonrpc_message *message)
{
	const char *call = json_string_value(message->id);
	struct hub_flight *flight = flight_find(link->entry, call);
	CLEANUP(response) struct response response = { 0 };
	struct error err = { 0 };
	struct hub_op *op;

	if (strlen(call) >= HUB_ID_BYTES)
		return;
	step_reached("hub-heard");
	if (message->kind == JSONRPC_ERROR) {
		take_error(link, call, message);
		return;
	}
	if (response_read(message->result, &response, &err) < 0) {
		refuse_bad(link, call, &err);
		return;
	}
	if (response.kind == RESPONSE_BUSY) {
		if (flight && flight->state != FLIGHT_SAVING)
			flight_pause(link->hub, flight);
		return;
	}
	/* Said twice: by now it may have been approved, and run. */
	if (response.kind == RESPONSE_WAITS && (!flight || flight->state == FLIGHT_SAVING))
		return;
	if (flight)
		flight->state = FLIGHT_SAVING;
	op = hub_op_new(link->hub, link->entry->org, link->entry->agent, call);
	op->link = link->number;
	link_hold(link);
	if (response.kind == RESPONSE_WAITS)
		store_waiting(op, &response);
	else
		store_outcome(op, &response);
}

static void refuse_post(const struct error *why, store_done *done, void *data)
{
	if (done)
		done(NULL, why, data);
}

void hub_post_outcome(struct hub *hub, const struct hub_outcome *outcome, store_done *done,
		      void *data)
{
	CLEANUP(response) struct response response = { 0 };
	struct error err = { 0 };
	struct hub_op *op;

	if (response_read(outcome->response, &response, &err) < 0) {
		refuse_post(&err, done, data);
		return;
	}
	op = hub_op_new(hub, outcome->org, outcome->agent, outcome->call);
	op->user_done = done;
	op->user = data;
	if (response.kind == RESPONSE_WAITS)
		store_waiting(op, &response);
	else
		store_outcome(op, &response);
}

static void handle_ended(struct hub_op *op, const struct store_result *result UNUSED,
			 const struct error *err)
{
	if (err && err->code != -ENOENT)
		expiry_note(op->hub, clock_wall_ns() + NS_PER_SEC);
	if (!err) {
		op->hub->counters.outcomes++;
		waits_wake(op->hub, op->org, op->call, op->state);
	}
	if (op->link && (!err || err->code == -ENOENT))
		acknowledge(op);
	settle(op, err);
}

void outcome_end(struct hub *hub, const struct hub_ending *ending)
{
	struct hub_op *op = hub_op_new(hub, ending->org, ending->agent, ending->call);
	struct hub_batch batch = { 0 };

	op->done = handle_ended;
	op->state = ending->state;
	if (ending->link) {
		op->link = ending->link->number;
		link_hold(ending->link);
	}
	if (strcmp(ending->state, "expired") == 0)
		hub->counters.calls_expired++;
	if (strcmp(ending->state, "cancelled") == 0)
		hub->counters.calls_cancelled++;
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET state = $3, finished = $4, error_code = $5, error = $6"
		  " WHERE org = $1 AND id = $2 AND finished IS NULL"
		  " AND (CAST($7 AS TEXT) IS NULL OR state = $7)",
		  store_text(op->org), store_text(op->call), store_text(ending->state),
		  store_int((int64_t)clock_wall_ns()), store_int(ending->code),
		  store_text(ending->error), store_text(ending->was));
	if (ending->claim)
		claim_add_check(&batch, op, ending->claim);
	hub_batch_event_text(&batch, op, "call", event_of(op));
	hub_op_submit(op, &batch);
}
