/* Who answers for an agent, when several servers have one database. */
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

bool claim_is_ours(const struct hub *hub, const char *server)
{
	return !*hub->server || !*server || strcmp(server, hub->server) == 0;
}

struct hub_claim claim_of(const struct hub_entry *entry)
{
	return (struct hub_claim) { .server = entry->hub->server,
				    .fence = entry->fence,
				    .adrift = -1 };
}

/* Writers of one database come one after the other: nothing changes before this is on disk. */
void claim_add_check(struct hub_batch *batch, const struct hub_op *op,
		     const struct hub_claim *claim)
{
	if (!*op->hub->server)
		return;
	BATCH_ADD(batch, STORE_SOME,
		  "SELECT id FROM agents WHERE org = $1 AND id = $2 AND COALESCE(server, '') = $3"
		  " AND fence = $4 AND ($6 < 0 OR EXISTS (SELECT 1 FROM calls WHERE org = $1"
		  " AND id = $5 AND COALESCE(adrift, 0) = $6))",
		  store_text(op->org), store_text(op->agent), store_text(claim->server),
		  store_int(claim->fence), store_text(op->call), store_int(claim->adrift));
}

bool claim_may_give(const struct hub *hub)
{
	return !*hub->server || (!hub->is_doubted && clock_monotonic_ns() < hub->lease_until_ns);
}

void claim_lose(struct hub_entry *entry)
{
	entry->fence = 0;
	turn_forget(&entry->turn); /* of its presence */
	for (struct hub_link *link = entry->links; link; link = link->next)
		if (link->state == LINK_READY)
			link_close(link, WEBSOCKET_GOING_AWAY, "the agent is at another server");
	flights_drop(entry);
}

static void give_again(struct hub *hub)
{
	for (unsigned i = 0; i < HUB_BUCKETS; i++) {
		for (struct hub_entry *entry = hub->entries[i]; entry; entry = entry->next) {
			struct hub_link *link = hub_ready_link(entry);

			if (link)
				link_pump_again(link);
		}
	}
}

void hub_trust(struct hub *hub, uint64_t until_ns)
{
	bool may_give = claim_may_give(hub);

	hub->lease_until_ns = until_ns;
	if (hub->is_doubted && !hub->is_looking)
		look_at_agents(hub);
	if (!may_give && claim_may_give(hub))
		give_again(hub);
}

void claim_end_doubt(struct hub *hub)
{
	hub->is_doubted = 0;
	if (claim_may_give(hub))
		give_again(hub);
}

void hub_doubt(struct hub *hub)
{
	hub->is_doubted = 1;
	look_at_agents(hub);
}

void hub_set_company(struct hub *hub, enum hub_company company)
{
	static const struct timeval every = { .tv_sec = HUB_LOOK_NS / NS_PER_SEC };

	hub->has_company = company == HUB_WITH_OTHERS;
	if (hub->has_company && !event_pending(hub->look_timer, EV_TIMEOUT, NULL)) {
		(void)event_add(hub->look_timer, &every);
		look_at_agents(hub);
	} else if (!hub->has_company) {
		(void)event_del(hub->look_timer);
	}
}

const char *hub_server(const struct hub *hub)
{
	return *hub->server ? hub->server : NULL;
}

/* Its calls may have been given, by whom nobody can ask; then it is ours, and told to be gone. */
static const char adrift_sql[] =
	"UPDATE calls SET adrift = 1 WHERE finished IS NULL AND state = 'queued' AND EXISTS ("
	"SELECT 1 FROM agents WHERE agents.org = calls.org AND agents.id = calls.agent "
	"AND agents.server = $1)";
static const char gone_sql[] =
	"INSERT INTO events (org, seq, time, kind, data) SELECT a.org, (SELECT COALESCE(MAX(seq), "
	"0) FROM events WHERE events.org = a.org) + ROW_NUMBER() OVER (PARTITION BY a.org ORDER BY "
	"a.id), CAST($2 AS BIGINT), 'agent', '{\"id\":\"' || a.id || '\",\"state\":"
	"\"disconnected\"}' FROM agents a WHERE a.server = $1 AND a.state IN ('connected', "
	"'stale')";
static const char claim_sql[] =
	"UPDATE agents SET server = $2, fence = fence + 1, state = CASE WHEN state = 'revoked' "
	"THEN state ELSE 'disconnected' END WHERE server = $1";

void hub_take_steps(const struct hub *hub, const char *dead,
		    struct store_value params[HUB_TAKE_PARAMS],
		    struct store_step steps[HUB_TAKE_STEPS])
{
	params[0] = params[2] = store_text(dead);
	params[1] = store_int((int64_t)clock_wall_ns());
	params[3] = store_text(hub->server);
	steps[0] = (struct store_step) { adrift_sql, params, 1, STORE_ANY };
	steps[1] = (struct store_step) { gone_sql, params, 2, STORE_ANY };
	steps[2] = (struct store_step) { claim_sql, params + 2, 2, STORE_ANY };
}
