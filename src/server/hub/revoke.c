/* Revocation: at once in memory, then in the store, then for each open call. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

static void handle_revoked(struct hub_op *op, const struct store_result *result,
			   const struct error *err)
{
	struct hub_entry *entry = hub_find(op->hub, op->org, op->agent);
	const struct store_rows *rows = result ? &result->steps[3] : NULL;
	/* What another server gave it that one knows. */
	bool was_ours = !result || !result->steps[0].n_rows ||
			claim_is_ours(op->hub, store_text_at(&result->steps[0], 0, 0));

	/* Where there is no such agent nothing is refused to it. */
	if (err && err->code == -ENOENT && entry)
		entry->is_revoked = false;
	for (unsigned i = 0; rows && i < rows->n_rows; i++) {
		const char *call = store_text_at(rows, i, 0);
		bool started =
			strcmp(store_text_at(rows, i, 2), "queued") == 0 &&
			(!was_ours || call_may_have_started(entry, call, store_int_at(rows, i, 1)));

		outcome_end(op->hub, &(struct hub_ending) {
					     .org = op->org,
					     .agent = op->agent,
					     .call = call,
					     .state = started ? "interrupted" : "cancelled",
					     .code = started ? -EINTR : -ECANCELED,
					     .error = "its agent was revoked",
				     });
	}
	hub_op_tell(op, result, err);
}

void revoke_cut(struct hub_entry *entry)
{
	if (entry->is_revoked)
		return;
	entry->is_revoked = true;
	for (struct hub_link *link = entry->links; link; link = link->next) {
		link->state = LINK_CLOSING;
		websocket_abort(link->ws, WEBSOCKET_POLICY, "the agent was revoked");
	}
}

void hub_revoke(struct hub *hub, const char *org, const char *agent, store_done *done, void *data)
{
	struct hub_entry *entry = hub_entry_of(hub, org, agent);
	struct hub_op *op = hub_op_new(hub, org, agent, NULL);
	int64_t now = (int64_t)clock_wall_ns();
	struct hub_batch batch = { 0 };

	revoke_cut(entry);
	op->done = handle_revoked;
	op->user_done = done;
	op->user = data;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT COALESCE(server, '') FROM agents WHERE org = $1 AND id = $2",
		  store_text(org), store_text(agent));
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE agents SET state = 'revoked', revoked = COALESCE(revoked, $3),"
		  " server = $4, fence = fence + 1 WHERE org = $1 AND id = $2",
		  store_text(org), store_text(agent), store_int(now), store_text(hub_server(hub)));
	BATCH_ADD(&batch, STORE_ANY,
		  "UPDATE certificates SET revoked = $3 WHERE org = $1 AND agent = $2"
		  " AND revoked IS NULL",
		  store_text(org), store_text(agent), store_int(now));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT id, adrift, state FROM calls WHERE org = $1 AND agent = $2"
		  " AND state IN ('queued', 'waiting_approval')",
		  store_text(org), store_text(agent));
	hub_batch_event(&batch, op, "agent",
			json_pack("{s:s, s:s}", "id", agent, "state", "revoked"));
	hub_op_submit(op, &batch);
}
