/* Calls that wait for an approval: what a person said to them. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/flight_internal.h"

static void handle_approved(struct hub_op *op, const struct store_result *result,
			    const struct error *err)
{
	struct hub_link *link;

	if (!err) {
		text_format(op->agent, sizeof(op->agent), "%s",
			    store_text_at(&result->steps[0], 0, 0));
		expiry_note(op->hub, (uint64_t)store_int_at(&result->steps[0], 0, 1));
		link = hub_ready_link(hub_find(op->hub, op->org, op->agent));
		if (link)
			link_pump_again(link);
	}
	hub_op_tell(op, result, err);
}

void hub_approve(struct hub *hub, const struct hub_approval *approval, store_done *done, void *data)
{
	struct hub_op *op = hub_op_new(hub, approval->org, approval->agent, approval->call);
	const char *statement = json_get_text(approval->sealed, "statement", "");
	struct error err = { 0 };
	CLEANUP(json) json_t *inside = json_parse(statement, strlen(statement), 64 * KIB, &err);
	struct store_value now = store_int((int64_t)clock_wall_ns());
	struct hub_batch batch = { 0 };

	op->done = handle_approved;
	op->user_done = done;
	op->user = data;
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET state = 'queued', deadline = $3 + COALESCE(timeout, $4)"
		  " WHERE org = $1 AND id = $2 AND state = 'waiting_approval'"
		  " RETURNING agent, deadline",
		  store_text(op->org), store_text(op->call), now,
		  store_int((int64_t)(60 * NS_PER_SEC)));
	BATCH_ADD(
		&batch, STORE_SOME,
		"INSERT INTO approvals (org, call, nonce, approver, created, signature, statement)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)",
		store_text(op->org), store_text(op->call),
		store_text(json_get_text(inside, "nonce", "")), store_text(approval->approver), now,
		store_text(json_get_text(approval->sealed, "signature", "")),
		store_text(statement));
	hub_batch_event(&batch, op, "call",
			json_pack("{s:s, s:s}", "id", op->call, "state", "queued"));
	hub_op_submit(op, &batch);
}

static void handle_denied(struct hub_op *op, const struct store_result *result,
			  const struct error *err)
{
	if (!err) {
		op->hub->counters.outcomes++;
		waits_wake(op->hub, op->org, op->call, op->state);
	}
	hub_op_tell(op, result, err);
}

void hub_deny(struct hub *hub, const struct hub_denial *denial, store_done *done, void *data)
{
	struct hub_op *op = hub_op_new(hub, denial->org, NULL, denial->call);
	struct hub_batch batch = { 0 };

	op->done = handle_denied;
	op->state = "denied";
	op->user_done = done;
	op->user = data;
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET state = 'denied', finished = $3, error_code = $4, error = $5"
		  " WHERE org = $1 AND id = $2 AND state = 'waiting_approval'",
		  store_text(op->org), store_text(op->call), store_int((int64_t)clock_wall_ns()),
		  store_int(-EACCES), store_text(denial->sentence));
	hub_batch_event(&batch, op, "call",
			json_pack("{s:s, s:s}", "id", op->call, "state", "denied"));
	hub_op_submit(op, &batch);
}
