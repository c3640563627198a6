/* What other servers have changed, as the store has it. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

#define PAGE_ROWS 5000
#define QUEUE_ROWS 20000
#define AGENT_COLUMNS "org, id, COALESCE(server, ''), fence, state, revoked"

static enum hub_presence presence_of(const char *state)
{
	if (strcmp(state, "connected") == 0)
		return HUB_CONNECTED;
	return strcmp(state, "stale") == 0 ? HUB_STALE : HUB_DISCONNECTED;
}

static void take_row(struct hub *hub, const struct store_rows *rows, unsigned row)
{
	const char *org = store_text_at(rows, row, 0), *agent = store_text_at(rows, row, 1);
	bool ours = claim_is_ours(hub, store_text_at(rows, row, 2));
	enum hub_presence presence = presence_of(store_text_at(rows, row, 4));
	struct hub_entry *entry = hub_find(hub, org, agent);

	if (!entry && (ours || presence == HUB_DISCONNECTED))
		return;
	entry = hub_entry_of(hub, org, agent);
	entry->elsewhere = ours ? HUB_DISCONNECTED : presence;
	if (store_at(rows, row, 5)->kind != STORE_NULL)
		revoke_cut(entry);
	else if (!ours && entry->fence && store_int_at(rows, row, 3) > entry->fence)
		claim_lose(entry);
}

static void handle_agent(struct hub_op *op, const struct store_result *result,
			 const struct error *err)
{
	if (!err && result->steps[0].n_rows)
		take_row(op->hub, &result->steps[0], 0);
}

void look_at_agent(struct hub *hub, const char *org, const char *agent)
{
	struct hub_op *op = hub_op_new(hub, org, agent, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_agent;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT " AGENT_COLUMNS " FROM agents WHERE org = $1 AND id = $2",
		  store_text(op->org), store_text(op->agent));
	hub_op_submit(op, &batch);
}

static void read_page(struct hub *hub, const char *org, const char *agent);

static void finish_look(struct hub *hub)
{
	bool again = hub->looks_again;

	hub->is_looking = hub->looks_again = 0;
	if (again) {
		look_at_agents(hub);
	} else if (hub->is_doubted) {
		claim_end_doubt(hub);
	}
}

static void handle_page(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	const struct store_rows *rows;

	if (err) { /* doubted still: the next look may tell */
		op->hub->is_looking = 0;
		return;
	}
	rows = &result->steps[0];
	for (unsigned i = 0; i < rows->n_rows; i++)
		take_row(op->hub, rows, i);
	if (rows->n_rows == PAGE_ROWS)
		read_page(op->hub, store_text_at(rows, PAGE_ROWS - 1, 0),
			  store_text_at(rows, PAGE_ROWS - 1, 1));
	else
		finish_look(op->hub);
}

static void read_page(struct hub *hub, const char *org, const char *agent)
{
	struct hub_op *op = hub_op_new(hub, org, agent, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_page;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT " AGENT_COLUMNS " FROM agents WHERE (org, id) > ($1, $2)"
		  " AND server IS NOT NULL ORDER BY org, id LIMIT $3",
		  store_text(op->org), store_text(op->agent), store_int(PAGE_ROWS));
	hub_op_submit_every_org(op, &batch);
}

void look_at_agents(struct hub *hub)
{
	if (hub->is_looking) {
		hub->looks_again = 1;
		return;
	}
	hub->is_looking = 1;
	read_page(hub, "", "");
}

static void take_queued(struct hub *hub, const struct store_rows *rows, unsigned row)
{
	struct hub_entry *entry =
		hub_find(hub, store_text_at(rows, row, 0), store_text_at(rows, row, 1));
	const char *call = store_text_at(rows, row, 2);
	struct hub_link *link = hub_ready_link(entry);
	struct hub_flight *flight = entry ? flight_find(entry, call) : NULL;

	expiry_note(hub, (uint64_t)store_int_at(rows, row, 3));
	if (!link)
		return;
	if (!flight)
		link_pump_again(link);
	else if (store_int_at(rows, row, 4) && !flight->is_cancelled)
		flight_cancel(link, flight);
}

static void handle_queue(struct hub_op *op, const struct store_result *result,
			 const struct error *err)
{
	for (unsigned i = 0; !err && i < result->steps[0].n_rows; i++)
		take_queued(op->hub, &result->steps[0], i);
}

void look_at_queue(struct hub *hub)
{
	struct hub_op *op = hub_op_new(hub, STORE_EVERY_ORG, NULL, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_queue;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT c.org, c.agent, c.id, c.deadline,"
		  " CASE WHEN c.meta LIKE '%\"cancel\":true%' THEN 1 ELSE 0 END"
		  " FROM calls c JOIN agents a ON a.org = c.org AND a.id = c.agent"
		  " WHERE c.finished IS NULL AND c.state = 'queued' AND a.server = $1 LIMIT $2",
		  store_text(hub->server), store_int(QUEUE_ROWS));
	hub_op_submit_every_org(op, &batch);
}

static void handle_ended(struct hub_op *op, const struct store_result *result,
			 const struct error *err)
{
	struct hub_entry *entry = hub_find(op->hub, op->org, op->agent);
	struct hub_flight *flight = entry ? flight_find(entry, op->call) : NULL;

	if (!err && result->steps[0].n_rows && flight && flight->state != FLIGHT_SAVING) {
		flight_end(entry, op->call);
		if (hub_ready_link(entry))
			link_pump(hub_ready_link(entry));
	}
}

void look_at_call(struct hub *hub, const struct hub_hint *hint)
{
	struct hub_entry *entry = hub_find(hub, hint->org, hint->agent);
	struct hub_op *op;
	struct hub_batch batch = { 0 };

	if (!entry || !flight_find(entry, hint->call) || !hub_is_outcome(hint->what))
		return;
	op = hub_op_new(hub, hint->org, hint->agent, hint->call);
	op->done = handle_ended;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT id FROM calls WHERE org = $1 AND id = $2 AND finished IS NOT NULL",
		  store_text(op->org), store_text(op->call));
	hub_op_submit(op, &batch);
}

void look_handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub *hub = data;

	if (hub->is_ending)
		return;
	look_at_queue(hub);
	waits_look(hub);
	if (++hub->n_looks % HUB_LOOKS_OF_AGENTS)
		return;
	events_look(hub, NULL);
	look_at_agents(hub);
	approvers_look(hub);
}
