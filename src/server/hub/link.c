/* One WebSocket of one agent: its life, and how messages leave it. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/http_server.h"
#include "server/hub/flight_internal.h"

#define LINK_QUEUED_MAX_BYTES (9 * MIB)

static void take_out(struct hub_link **list, struct hub_link *link)
{
	while (*list != link)
		list = &(*list)->next;
	*list = link->next;
}

static void forget_heard(struct hub_link *link)
{
	link->heard.prev->next = link->heard.next;
	link->heard.next->prev = link->heard.prev;
}

/* To the end of the ring: at its start is who has been silent longest. */
static void note_heard(struct hub_link *link)
{
	struct heard *ring = &link->hub->heard;

	link->heard_ns = clock_monotonic_ns();
	link->heard.next = ring;
	link->heard.prev = ring->prev;
	ring->prev->next = &link->heard;
	ring->prev = &link->heard;
}

static struct hub_link *link_at(struct hub *hub, struct heard *place)
{
	return place == &hub->heard ? NULL : container_of(place, struct hub_link, heard);
}

static void arm_stale(struct hub *hub)
{
	struct hub_link *first = link_at(hub, hub->heard.next);
	uint64_t now_ns = clock_monotonic_ns(), at_ns;
	struct timeval delay;

	while (first && first->is_stale)
		first = link_at(hub, first->heard.next);
	if (!first || event_pending(hub->stale_timer, EV_TIMEOUT, NULL))
		return;
	at_ns = first->heard_ns + HUB_STALE_NS;
	at_ns = at_ns > now_ns ? at_ns - now_ns : 0;
	delay = (struct timeval) { .tv_sec = (time_t)(at_ns / NS_PER_SEC),
				   .tv_usec = (suseconds_t)(at_ns % NS_PER_SEC / 1000) + 1 };
	(void)event_add(hub->stale_timer, &delay);
}

void link_handle_stale(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub *hub = data;
	uint64_t now_ns = clock_monotonic_ns();
	struct hub_link *link = link_at(hub, hub->heard.next);

	for (; link && link->heard_ns + HUB_STALE_NS <= now_ns;
	     link = link_at(hub, link->heard.next)) {
		if (link->is_stale || link->state != LINK_READY)
			continue;
		link->is_stale = 1;
		hub->counters.links_stale++;
		hub_set_presence(hub, link->entry, "stale");
	}
	arm_stale(hub);
}

static void hear(struct hub_link *link)
{
	forget_heard(link);
	note_heard(link);
	link->hub->counters.messages_in++;
	if (!link->entry)
		return;
	link->entry->last_seen_ns = clock_wall_ns();
	if (link->is_stale)
		hub_set_presence(link->hub, link->entry, "connected");
	link->is_stale = 0;
}

static void handle_message(struct websocket *ws UNUSED, const char *text, size_t len, void *data)
{
	struct hub_link *link = data;

	if (link->state == LINK_CLOSING)
		return;
	hear(link);
	message_handle(link, text, len);
}

static void handle_drained(struct websocket *ws UNUSED, void *data)
{
	struct hub_link *link = data;

	link->is_blocked = 0;
	link_pump(link);
}

/* What it was given is somewhere: its next hello says where. */
static void cast_adrift(struct hub_entry *entry)
{
	for (struct hub_flight *flight = entry->flights; flight; flight = flight->next)
		if (flight->state == FLIGHT_SENT || flight->state == FLIGHT_THERE)
			flight->state = FLIGHT_ADRIFT;
}

static void handle_closed(struct websocket *ws UNUSED, unsigned code, const char *reason,
			  void *data)
{
	struct hub_link *link = data;
	struct hub_entry *entry = link->entry;
	struct hub *hub = link->hub;

	link->ws = NULL;
	link->state = LINK_CLOSING;
	if (entry)
		log_debug("a link of agent %s closed: %u %s", entry->agent, code, reason);
	if (entry && !hub_ready_link(entry)) {
		cast_adrift(entry);
		tools_fail(entry, -ENOTCONN, "the agent disconnected");
		if (link->was_ready && !entry->is_revoked)
			hub_set_presence(hub, entry, "disconnected");
	}
	link_free(link);
	hub_check_ended(hub);
}

static const struct timeval hello_time = { .tv_sec = HUB_HELLO_NS / NS_PER_SEC };

static void handle_deadline(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub_link *link = data;

	if (link->state == LINK_READY)
		return;
	if (link->turn.hub || link->hello) /* it waits for the store, whose batches have an end */
		(void)event_add(link->deadline, &hello_time);
	else /* slow is not unwanted: an agent waits for its warden, and that for its host */
		link_close(link, WEBSOCKET_TRY_LATER, "no hello in time");
}

static struct hub_link *link_new(struct hub *hub, struct http_request *request)
{
	struct hub_link *link = calloc(1, sizeof(*link));
	struct websocket_config config = {
		.handle_message = handle_message,
		.handle_drained = handle_drained,
		.handle_closed = handle_closed,
		.data = link,
		.max_message_bytes = HUB_MESSAGE_MAX_BYTES,
		.max_queued_bytes = LINK_QUEUED_MAX_BYTES,
		.silence_ns = HUB_SILENCE_NS,
	};

	if (!link)
		abort();
	link->ws = http_accept_websocket(request, &config);
	if (!link->ws) {
		hub->counters.links_refused++;
		free(link);
		return NULL;
	}
	link->hub = hub;
	link->number = ++hub->next_link;
	link->deadline = event_new(hub->config.base, -1, 0, handle_deadline, link);
	if (!link->deadline || event_add(link->deadline, &hello_time) < 0)
		abort();
	note_heard(link);
	arm_stale(hub);
	hub->counters.links++;
	hub->counters.links_accepted++;
	return link;
}

void link_free(struct hub_link *link)
{
	take_out(link->entry ? &link->entry->links : &link->hub->strangers, link);
	forget_heard(link);
	turn_forget(&link->turn);
	if (link->ws)
		websocket_free(link->ws);
	event_free(link->deadline);
	if (link->tools_deadline)
		event_free(link->tools_deadline);
	json_decref(link->hello_id);
	json_decref(link->hello);
	json_decref(link->labels);
	json_decref(link->metrics);
	acks_forget(link);
	link->hub->counters.links--;
	free(link);
}

static void take_anchor(struct hub_entry *entry, const struct store_rows *rows)
{
	if (!rows->n_rows || (uint64_t)store_int_at(rows, 0, 0) < entry->anchor_seq)
		return;
	entry->anchor_seq = (uint64_t)store_int_at(rows, 0, 0);
	text_format(entry->anchor_head, sizeof(entry->anchor_head), "%s",
		    store_text_at(rows, 0, 1));
}

static void handle_looked_up(struct hub_op *op, const struct store_result *result,
			     const struct error *err)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);
	struct error why = { 0 };

	if (!link || link->state != LINK_LOOKUP)
		return;
	if (err || link->entry->is_revoked) {
		op->hub->counters.links_refused++;
		link_close(link,
			   err && err->code != -ENOENT ? WEBSOCKET_TRY_LATER : WEBSOCKET_POLICY,
			   err && err->code != -ENOENT ? "the store does not answer"
						       : "no such agent, or it was revoked");
		return;
	}
	take_anchor(link->entry, &result->steps[1]);
	link->is_listed = store_int_at(&result->steps[0], 0, 1) != 0;
	link->labels = json_parse(store_text_at(&result->steps[0], 0, 0),
				  strlen(store_text_at(&result->steps[0], 0, 0)), MIB, &why);
	link->state = LINK_HELLO;
	link_release(link);
	if (link->hello)
		hello_handle(link, link->hello_id, link->hello);
}

static void look_up(struct hub_turn *turn)
{
	struct hub_link *link = container_of(turn, struct hub_link, turn);
	struct hub_entry *entry = link->entry;
	struct hub_op *op = hub_op_new(link->hub, entry->org, entry->agent, NULL);
	struct hub_batch batch = { 0 };

	op->link = link->number;
	op->done = handle_looked_up;
	BATCH_ADD(
		&batch, STORE_SOME,
		"SELECT labels, listed FROM agents WHERE org = $1 AND id = $2 AND revoked IS NULL",
		store_text(entry->org), store_text(entry->agent));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT seq, head FROM anchors WHERE org = $1 AND agent = $2"
		  " ORDER BY seq DESC LIMIT 1",
		  store_text(entry->org), store_text(entry->agent));
	hub_op_submit(op, &batch);
}

void link_adopt(struct hub_link *link, const char *org, const char *agent)
{
	link->entry = hub_entry_of(link->hub, org, agent);
	link->next = link->entry->links;
	link->entry->links = link;
	link->state = LINK_LOOKUP;
	link_stop(link);
	turn_take(link->hub, &link->turn, look_up);
}

void hub_accept(struct hub *hub, struct http_request *request, const char *org, const char *agent)
{
	struct hub_link *link;

	if (hub->is_ending) {
		http_reply_error(request, 503, "unavailable", "the server is about to end");
		return;
	}
	link = link_new(hub, request);
	if (link)
		link_adopt(link, org, agent);
}

void hub_accept_stranger(struct hub *hub, struct http_request *request)
{
	struct hub_link *link;

	if (hub->is_ending || !hub->config.handle_login) {
		http_reply_error(request, hub->is_ending ? 503 : 404, NULL,
				 hub->is_ending ? "the server is about to end"
						: "agents come with a certificate here");
		return;
	}
	link = link_new(hub, request);
	if (!link)
		return;
	link->state = LINK_STRANGE;
	link->next = hub->strangers;
	hub->strangers = link;
}

void link_close(struct hub_link *link, enum websocket_code code, const char *reason)
{
	if (link->state == LINK_CLOSING || !link->ws)
		return;
	link->state = LINK_CLOSING;
	acks_send(link);
	websocket_close(link->ws, code, reason);
}

int link_try_send(struct hub_link *link, char *text)
{
	int r;

	acks_send(link);
	r = websocket_send(link->ws, text, strlen(text));
	if (r == 0)
		link->hub->counters.messages_out++;
	free(text);
	return r;
}

void link_send(struct hub_link *link, char *text)
{
	if (link_try_send(link, text) == -ENOBUFS)
		link_close(link, WEBSOCKET_TRY_LATER, "the link is too slow");
}

void link_cancel_call(struct hub_link *link, const char *call)
{
	link_send(link, jsonrpc_format_notification("notifications/cancelled",
						    json_pack("{s:s}", "requestId", call)));
}

void link_refuse(struct hub_link *link, json_t *id, int code, const char *sentence)
{
	link_send(link, jsonrpc_format_error(id, code, sentence, NULL));
}

void link_stop(struct hub_link *link)
{
	link->n_unsaved++;
	if (!link->is_paused)
		websocket_pause(link->ws);
	link->is_paused = 1;
}

/* While the store lags behind, the agent has to wait: nothing piles up here. */
void link_hold(struct hub_link *link)
{
	if (link->n_unsaved + 1 >= HUB_MAX_UNSAVED)
		link_stop(link);
	else
		link->n_unsaved++;
}

void link_release(struct hub_link *link)
{
	assert(link->n_unsaved > 0);
	link->n_unsaved--;
	if (link->n_unsaved || !link->is_paused || !link->ws)
		return;
	link->is_paused = 0;
	websocket_resume(link->ws);
}
