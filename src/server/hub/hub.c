#include "server/hub/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/hub/relay_internal.h"

static struct event *timer_new(struct hub *hub, event_callback_fn handle)
{
	struct event *timer = event_new(hub->config.base, -1, 0, handle, hub);

	if (!timer)
		abort();
	return timer;
}

static void handle_started(struct hub_op *op, const struct store_result *result,
			   const struct error *err)
{
	struct hub *hub = op->hub;
	int64_t deadline;

	if (err) {
		log_error("the queue of calls could not be read at the start: %s", err->text);
		expiry_note(hub, clock_wall_ns());
		return;
	}
	if (store_int_at(&result->steps[1], 0, 0) > hub->last_cursor)
		hub->last_cursor = store_int_at(&result->steps[1], 0, 0);
	deadline = store_int_at(&result->steps[2], 0, 0);
	if (deadline)
		expiry_note(hub, (uint64_t)deadline);
}

/* Nobody is connected to us yet, and what an earlier process gave it cannot say. */
static void start(struct hub *hub)
{
	struct hub_op *op = hub_op_new(hub, STORE_EVERY_ORG, NULL, NULL);
	struct hub_batch batch = { 0 };

	op->done = handle_started;
	BATCH_ADD(&batch, STORE_ANY,
		  "UPDATE agents SET state = 'disconnected' WHERE state IN ('connected', 'stale')"
		  " AND (CAST($1 AS TEXT) IS NULL OR server = $1 OR server IS NULL)",
		  store_text(hub_server(hub)));
	hub_batch_add(&batch, STORE_ANY,
		      "SELECT CAST(MAX(last) AS BIGINT) FROM (SELECT (SELECT MAX(cursor) FROM calls"
		      " WHERE calls.org = orgs.id) AS last FROM orgs) AS each_org",
		      NULL, 0);
	hub_batch_add(&batch, STORE_ANY, "SELECT MIN(deadline) FROM calls WHERE finished IS NULL",
		      NULL, 0);
	BATCH_ADD(&batch, STORE_ANY,
		  "UPDATE calls SET adrift = 1 WHERE finished IS NULL AND state = 'queued'"
		  " AND (CAST($1 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM agents"
		  " WHERE agents.org = calls.org AND agents.id = calls.agent AND server = $1))",
		  store_text(hub_server(hub)));
	hub_op_submit_every_org(op, &batch);
}

static void handle_nothing_left(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	hub_check_ended(data);
}

struct hub *hub_new(const struct hub_config *config)
{
	struct hub *hub = calloc(1, sizeof(*hub));

	if (!hub)
		abort();
	hub->config = *config;
	hub->heard.next = hub->heard.prev = &hub->heard;
	TAILQ_INIT(&hub->turns);
	LIST_INIT(&hub->acks);
	text_copy(hub->server, sizeof(hub->server), config->server ? config->server : "");
	hub->stale_timer = timer_new(hub, link_handle_stale);
	hub->expiry_timer = timer_new(hub, expiry_handle_timer);
	hub->retry_timer = timer_new(hub, flight_handle_retry);
	hub->end_timer = timer_new(hub, handle_nothing_left);
	hub->acks_timer = timer_new(hub, acks_handle_timer);
	hub->look_timer = event_new(hub->config.base, -1, EV_PERSIST, look_handle_timer, hub);
	if (!hub->look_timer)
		abort();
	start(hub);
	return hub;
}

static void free_entry(struct hub_entry *entry)
{
	while (entry->links)
		link_free(entry->links);
	flights_drop(entry);
	turn_forget(&entry->turn);
	free(entry);
}

void hub_free(struct hub *hub)
{
	if (!hub)
		return;
	hub->is_ending = 1;
	hub->ended = NULL;
	while (hub->strangers)
		link_free(hub->strangers);
	for (unsigned i = 0; i < HUB_BUCKETS; i++) {
		while (hub->entries[i]) {
			struct hub_entry *entry = hub->entries[i];

			hub->entries[i] = entry->next;
			tools_fail(entry, -ESHUTDOWN, "the server ends");
			free_entry(entry);
		}
	}
	questions_drop(hub);
	waits_drop(hub);
	subscriptions_drop(hub);
	tools_drop(hub);
	tools_elsewhere_drop(hub);
	approvers_drop(hub);
	hub_ops_drop(hub);
	event_free(hub->stale_timer);
	event_free(hub->expiry_timer);
	event_free(hub->retry_timer);
	event_free(hub->end_timer);
	event_free(hub->acks_timer);
	event_free(hub->look_timer);
	free(hub);
}

static unsigned bucket_of(const char *org, const char *agent)
{
	uint32_t hash = 2166136261u;

	for (const char *at = org; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	hash = (hash ^ '/') * 16777619u;
	for (const char *at = agent; *at; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	return hash % HUB_BUCKETS;
}

struct hub_entry *hub_find(const struct hub *hub, const char *org, const char *agent)
{
	struct hub_entry *entry = hub->entries[bucket_of(org, agent)];

	while (entry && (strcmp(entry->agent, agent) != 0 || strcmp(entry->org, org) != 0))
		entry = entry->next;
	return entry;
}

struct hub_entry *hub_entry_of(struct hub *hub, const char *org, const char *agent)
{
	struct hub_entry *entry = hub_find(hub, org, agent);
	struct hub_entry **bucket = &hub->entries[bucket_of(org, agent)];

	if (entry)
		return entry;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		abort();
	entry->hub = hub;
	text_format(entry->org, sizeof(entry->org), "%s", org);
	text_format(entry->agent, sizeof(entry->agent), "%s", agent);
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

struct hub_link *hub_find_link(const struct hub *hub, const char *org, const char *agent,
			       uint64_t number)
{
	const struct hub_entry *entry = hub_find(hub, org, agent);
	struct hub_link *link = entry ? entry->links : hub->strangers;

	while (link && link->number != number)
		link = link->next;
	return link;
}

struct hub_link *hub_ready_link(const struct hub_entry *entry)
{
	struct hub_link *link = entry ? entry->links : NULL;

	while (link && link->state != LINK_READY)
		link = link->next;
	return link;
}

struct hub_state hub_get_state(const struct hub *hub, const char *org, const char *agent)
{
	const struct hub_entry *entry = hub_find(hub, org, agent);
	const struct hub_link *link = hub_ready_link(entry);
	struct hub_state state = { 0 };

	if (!entry)
		return state;
	state.last_seen_ns = entry->last_seen_ns;
	state.n_in_flight = entry->n_flights;
	state.presence = entry->elsewhere;
	if (link)
		state.presence = link->is_stale ? HUB_STALE : HUB_CONNECTED;
	if (entry->is_revoked)
		state.presence = HUB_REVOKED;
	return state;
}

const char *hub_presence_name(enum hub_presence presence)
{
	static const char *const names[] = { "disconnected", "connected", "stale", "revoked" };

	return names[presence];
}

const struct hub_counters *hub_counters(const struct hub *hub)
{
	return &hub->counters;
}

static void store_presence(struct hub_turn *turn)
{
	struct hub_entry *entry = container_of(turn, struct hub_entry, turn);
	struct hub_op *op = hub_op_new(entry->hub, entry->org, entry->agent, NULL);
	struct hub_batch batch = { 0 };

	entry->saved_seen_ns = entry->last_seen_ns;
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE agents SET state = $3, last_seen = $4 WHERE org = $1 AND id = $2"
		  " AND revoked IS NULL"
		  " AND (CAST($5 AS TEXT) IS NULL OR (server = $5 AND fence = $6))",
		  store_text(entry->org), store_text(entry->agent), store_text(entry->presence),
		  store_int((int64_t)entry->last_seen_ns), store_text(hub_server(entry->hub)),
		  store_int(entry->fence));
	hub_batch_event(&batch, op, "agent",
			json_pack("{s:s, s:s}", "id", entry->agent, "state", entry->presence));
	hub_op_submit(op, &batch);
}

void hub_set_presence(struct hub *hub, struct hub_entry *entry, const char *state)
{
	if (*hub->server && !entry->fence) /* it is another server's to say */
		return;
	entry->presence = state;
	turn_take(hub, &entry->turn, store_presence);
}

static void close_all(struct hub *hub)
{
	for (unsigned i = 0; i < HUB_BUCKETS; i++)
		for (struct hub_entry *entry = hub->entries[i]; entry; entry = entry->next)
			for (struct hub_link *link = entry->links; link; link = link->next)
				link_close(link, WEBSOCKET_GOING_AWAY, "the server restarts");
	for (struct hub_link *link = hub->strangers; link; link = link->next)
		link_close(link, WEBSOCKET_GOING_AWAY, "the server restarts");
}

void hub_shutdown(struct hub *hub, void (*done)(struct hub *hub, void *data), void *data)
{
	static const struct timeval at_once = { 0 };

	hub->is_ending = 1;
	hub->ended = done;
	hub->ended_data = data;
	(void)event_del(hub->expiry_timer);
	(void)event_del(hub->retry_timer);
	(void)event_del(hub->look_timer);
	close_all(hub);
	if (event_add(hub->end_timer, &at_once) < 0)
		abort();
}

void hub_check_ended(struct hub *hub)
{
	void (*ended)(struct hub * hub, void *data) = hub->ended;

	if (!ended || hub->n_ops || hub->counters.links || !TAILQ_EMPTY(&hub->turns))
		return;
	hub->ended = NULL;
	ended(hub, hub->ended_data);
}
