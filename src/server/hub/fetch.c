/* Calls for an agent that asks by HTTP: the same requests that a link would carry. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

static void handle_fetched(struct hub_op *op, const struct store_result *result,
			   const struct error *err)
{
	struct hub_entry *entry = hub_entry_of(op->hub, op->org, op->agent);
	const struct store_rows *rows = result ? &result->steps[0] : NULL;
	CLEANUP(json) json_t *calls = json_array();
	uint64_t now_ns = clock_wall_ns();

	entry->last_seen_ns = now_ns;
	for (unsigned i = 0; rows && i < rows->n_rows; i++) {
		const char *id = store_text_at(rows, i, 0);
		json_t *params =
			call_is_wanted(rows, i, now_ns) ? call_params(rows, i, now_ns) : NULL;

		if (!params)
			continue;
		json_put(params, "id", json_string(id));
		json_push(calls, params);
		/* From now on it may have started; that it is given again is known by its id. */
		if (!flight_find(entry, id))
			(void)flight_new(entry, id, FLIGHT_ADRIFT);
	}
	op->fetched(err ? NULL : calls, err, op->user);
}

/* It may start them: whoever answers for it later has to know. Where we are alone we do. */
static void mark_given(struct hub *hub, const char *org, const char *agent)
{
	struct hub_batch batch = { 0 };

	if (!hub_server(hub))
		return;
	BATCH_ADD(&batch, STORE_ANY,
		  "UPDATE calls SET adrift = 1 WHERE org = $1 AND adrift IS NULL AND id IN (SELECT"
		  " id FROM calls WHERE org = $1 AND agent = $2 AND state = 'queued'"
		  " ORDER BY cursor LIMIT $3)",
		  store_text(org), store_text(agent), store_int(HUB_MAX_IN_FLIGHT));
	hub_op_submit(hub_op_new(hub, org, agent, NULL), &batch);
}

void hub_fetch_calls(struct hub *hub, const char *org, const char *agent, hub_fetched *done,
		     void *data)
{
	struct hub_op *op = hub_op_new(hub, org, agent, NULL);

	op->done = handle_fetched;
	op->fetched = done;
	op->user = data;
	mark_given(hub, org, agent);
	calls_fetch(op, 0);
}
