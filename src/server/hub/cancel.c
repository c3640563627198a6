/* Ending a call: who answers for its agent knows whether it can have started. */
#include <errno.h>
#include <string.h>

#include "base/step.h"
#include "server/hub/relay_internal.h"

enum column {
	COL_AGENT,
	COL_ADRIFT,
	COL_STATE,
};

void flight_cancel(struct hub_link *link, struct hub_flight *flight)
{
	flight->is_cancelled = true;
	link_cancel_call(link, flight->id);
}

static void end_unstarted(struct hub_op *op, const struct hub_claim *claim, const char *state)
{
	outcome_end(op->hub, &(struct hub_ending) {
				     .org = op->org,
				     .agent = op->agent,
				     .call = op->call,
				     .state = "cancelled",
				     .code = -ECANCELED,
				     .error = "it was cancelled before it started",
				     .claim = claim,
				     .was = state,
			     });
}

/* One that is away is told when it comes back. */
static void tell_agent(const struct hub_op *op, const struct hub_entry *entry)
{
	struct hub_link *link = hub_ready_link(entry);
	struct hub_flight *flight = link ? flight_find(entry, op->call) : NULL;

	if (flight)
		flight_cancel(link, flight);
	else if (link)
		link_cancel_call(link, op->call);
}

static void decide(struct hub_op *op, const struct store_rows *call, const struct store_rows *agent)
{
	const char *state = store_text_at(call, 0, COL_STATE);
	const struct hub_claim claim = {
		.server = agent->n_rows ? store_text_at(agent, 0, 0) : "",
		.fence = agent->n_rows ? store_int_at(agent, 0, 1) : 0,
		.adrift = store_int_at(call, 0, COL_ADRIFT),
	};
	const struct hub_entry *entry;

	text_format(op->agent, sizeof(op->agent), "%s", store_text_at(call, 0, COL_AGENT));
	entry = hub_find(op->hub, op->org, op->agent);
	if (strcmp(state, "waiting_approval") == 0)
		end_unstarted(op, NULL, state);
	else if (!claim_is_ours(op->hub, claim.server))
		return; /* it was hinted */
	else if (call_may_have_started(entry, op->call, claim.adrift))
		tell_agent(op, entry);
	else
		end_unstarted(op, &claim, state);
}

static void handle_cancelled(struct hub_op *op, const struct store_result *result,
			     const struct error *err)
{
	if (!err) {
		step_reached("hub-cancelling");
		decide(op, &result->steps[0], &result->steps[1]);
	}
	hub_op_tell(op, result, err);
}

static void add_agent(struct hub_batch *batch, const struct hub_op *op)
{
	BATCH_ADD(batch, STORE_ANY,
		  "SELECT COALESCE(server, ''), fence FROM agents WHERE org = $1 AND id ="
		  " (SELECT agent FROM calls WHERE org = $1 AND id = $2)",
		  store_text(op->org), store_text(op->call));
}

void hub_cancel(struct hub *hub, const char *org, const char *call, store_done *done, void *data)
{
	struct hub_op *op = hub_op_new(hub, org, NULL, call);
	struct hub_batch batch = { 0 };

	op->done = handle_cancelled;
	op->user_done = done;
	op->user = data;
	op->hint = "cancel";
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE calls SET meta = '{\"cancel\":true}' WHERE org = $1 AND id = $2"
		  " AND finished IS NULL RETURNING agent, adrift, state",
		  store_text(op->org), store_text(op->call));
	add_agent(&batch, op);
	hub_op_submit(op, &batch);
}

static void handle_heard(struct hub_op *op, const struct store_result *result,
			 const struct error *err)
{
	if (!err)
		decide(op, &result->steps[0], &result->steps[1]);
}

void cancel_hear(struct hub *hub, const struct hub_hint *hint)
{
	struct hub_op *op = hub_op_new(hub, hint->org, NULL, hint->call);
	struct hub_batch batch = { 0 };

	op->done = handle_heard;
	BATCH_ADD(&batch, STORE_SOME,
		  "SELECT agent, adrift, state FROM calls WHERE org = $1 AND id = $2"
		  " AND finished IS NULL AND meta LIKE '%\"cancel\":true%'",
		  store_text(op->org), store_text(op->call));
	add_agent(&batch, op);
	hub_op_submit(op, &batch);
}
