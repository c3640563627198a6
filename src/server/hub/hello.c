/* hello: who an agent is today, and which calls it already has. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "server/hub/labels.h"
#include "server/hub/relay_internal.h"

#define TEXT_MAX_BYTES 256
#define LIST_MAX_BYTES (16 * KIB)
#define MAX_LISTED_CALLS 1024

/* Foreign texts that go into the store are bounded here. */
static const char *short_text(const json_t *params, const char *key)
{
	const char *text = json_get_text(params, key, "");

	return strlen(text) < TEXT_MAX_BYTES ? text : "";
}

static char *list_text(const json_t *value)
{
	char *text = value ? json_canonical(value) : NULL;

	if (text && strlen(text) <= LIST_MAX_BYTES)
		return text;
	free(text);
	text = strdup("[]");
	if (!text)
		abort();
	return text;
}

/*
 * The host's labels go over those that were given to it at the server: the text, or NULL where
 * that changes nothing. Too many of them do not count.
 */
static char *merge_labels(const struct hub_link *link, const json_t *params, json_t *labels)
{
	const json_t *own = json_object_get(params, "labels");
	const char *name;
	json_t *value;
	char *text;

	(void)json_object_update(labels, link->labels);
	json_object_foreach((json_t *)(uintptr_t)own, name, value) if (json_is_string(value))
		json_object_set(labels, name, value);
	text = json_canonical(labels);
	if (strlen(text) > LIST_MAX_BYTES) {
		free(text);
		json_object_clear(labels);
		(void)json_object_update(labels, link->labels);
		text = json_canonical(labels);
	}
	if (link->is_listed && json_equal(labels, link->labels)) {
		free(text);
		text = NULL;
	}
	return text;
}

static const char *member_list(const json_t *params, const char *key, char **text_out)
{
	const json_t *list = json_object_get(params, key);

	*text_out = list_text(json_is_array(list) ? list : NULL);
	return *text_out;
}

enum open_column {
	OPEN_ID,
	OPEN_META,
};

static bool is_open(const struct store_rows *open, const char *id)
{
	for (unsigned i = 0; i < open->n_rows; i++)
		if (strcmp(store_text_at(open, i, OPEN_ID), id) == 0)
			return true;
	return false;
}

/*
 * The calls it has: they are not to be sent again. Others went astray on the way to it. One that
 * has its outcome, whose acknowledgement the hello met on the way, is none any more.
 */
static void reconcile(struct hub_entry *entry, const json_t *calls, const struct store_rows *open)
{
	struct hub_flight **at = &entry->flights;
	const json_t *call;
	size_t i;

	/* Also what an earlier hello said: that agent may have died, and its link not yet. */
	for (struct hub_flight *flight = entry->flights; flight; flight = flight->next)
		if (flight->state == FLIGHT_THERE)
			flight->state = FLIGHT_ADRIFT;
	json_array_foreach(calls, i, call)
	{
		const char *id = json_get_text(call, "call_id", "");
		struct hub_flight *flight = flight_find(entry, id);

		if (strlen(id) >= HUB_ID_BYTES || i >= MAX_LISTED_CALLS || !is_open(open, id))
			continue;
		if (!flight)
			flight = flight_new(entry, id, FLIGHT_THERE);
		if (flight->state != FLIGHT_SAVING)
			flight->state = FLIGHT_THERE;
	}
	while (*at) {
		if ((*at)->state == FLIGHT_ADRIFT || (*at)->state == FLIGHT_SENT)
			flight_free(flight_take(entry, at));
		else
			at = &(*at)->next;
	}
}

/* Of those that it has: what was asked of an agent while it was away is asked again. */
static void cancel_again(struct hub_link *link, const struct store_rows *open)
{
	for (unsigned i = 0; i < open->n_rows; i++) {
		const char *call = store_text_at(open, i, OPEN_ID);

		if (strstr(store_text_at(open, i, OPEN_META), "\"cancel\":true") &&
		    flight_find(link->entry, call))
			link_cancel_call(link, call);
	}
}

static void replace_older(struct hub_link *link)
{
	for (struct hub_link *other = link->entry->links; other; other = other->next) {
		if (other == link || other->state != LINK_READY)
			continue;
		link->hub->counters.links_replaced++;
		link_close(other, WEBSOCKET_GOING_AWAY, "a newer link took its place");
	}
}

static void welcome(struct hub_link *link)
{
	char time[CLOCK_TEXT_BYTES];
	json_t *result =
		json_pack("{s:s, s:s, s:i, s:i}", "agent_id", link->entry->agent, "server_time",
			  clock_format(clock_wall_ns(), time), "heartbeat_s", HUB_HEARTBEAT_S,
			  "metrics_s", (int)link->hub->config.metrics_s);

	(void)json_object_update(result, approvers_of(link->hub, link->entry->org));
	if (link->is_plain) {
		json_put(result, "type", json_string("welcome"));
		link_send(link, json_dumps(result, JSON_COMPACT));
		json_decref(result);
		return;
	}
	link_send(link, jsonrpc_format_result(link->hello_id, result));
}

static void handle_stored(struct hub_op *op, const struct store_result *result,
			  const struct error *err)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);

	if (!link || link->state != LINK_HELLO)
		return;
	link_release(link);
	if (err || link->entry->is_revoked) {
		if (!hub_ready_link(link->entry) && !link->entry->is_revoked)
			hub_set_presence(op->hub, link->entry, "disconnected");
		link_close(link,
			   err && err->code != -ENOENT ? WEBSOCKET_TRY_LATER : WEBSOCKET_POLICY,
			   err ? "the store did not take the hello" : "the agent was revoked");
		return;
	}
	link->entry->fence = store_int_at(&result->steps[0], 0, 0);
	link->entry->elsewhere = HUB_DISCONNECTED;
	step_reached("hub-greeted");
	replace_older(link);
	link->state = LINK_READY;
	link->was_ready = 1;
	(void)event_del(link->deadline);
	reconcile(link->entry, json_object_get(link->hello, "calls"), &result->steps[1]);
	welcome(link);
	cancel_again(link, &result->steps[1]);
	json_decref(link->hello);
	link->hello = NULL;
	link_pump_again(link);
	if (link->entry->tools_waits)
		tools_ask(link);
}

static void add_label_rows(struct hub_batch *batch, struct labels_rows *rows,
			   const struct hub_entry *entry, const json_t *labels)
{
	struct store_step steps[LABELS_STEPS];

	labels_write(rows, entry->org, entry->agent, labels, steps);
	for (unsigned i = 0; i < LABELS_STEPS; i++)
		hub_batch_add(batch, steps[i].expect, steps[i].sql, steps[i].params,
			      steps[i].n_params);
}

static void store_hello(struct hub_turn *turn)
{
	struct hub_link *link = container_of(turn, struct hub_link, turn);
	struct hub_entry *entry = link->entry;
	const json_t *params = link->hello;
	CLEANUP(json) json_t *labels = json_object();
	CLEANUP(text) char *label_text = merge_labels(link, params, labels);
	CLEANUP(labels_rows) struct labels_rows rows = { 0 };
	CLEANUP(text) char *namespaces = NULL;
	CLEANUP(text) char *capabilities = NULL;
	struct hub_op *op = hub_op_new(link->hub, entry->org, entry->agent, NULL);
	struct hub_batch batch = { 0 };

	turn_forget(&entry->turn); /* what was known of it before */
	entry->saved_seen_ns = entry->last_seen_ns;
	op->link = link->number;
	op->done = handle_stored;
	BATCH_ADD(&batch, STORE_SOME,
		  "UPDATE agents SET state = 'connected', hostname = $3, version = $4,"
		  " boot_id = $5, address = $6, last_seen = $7, labels = COALESCE($8, labels),"
		  " listed = CASE WHEN $8 IS NULL THEN listed ELSE 1 END,"
		  " namespaces = $9, capabilities = $10, server = $11, fence = fence + 1"
		  " WHERE org = $1 AND id = $2 AND revoked IS NULL RETURNING fence",
		  store_text(entry->org), store_text(entry->agent),
		  store_text(short_text(params, "hostname")), store_text(link->version),
		  store_text(short_text(params, "boot_id")),
		  store_text(websocket_address(link->ws)), store_int((int64_t)entry->last_seen_ns),
		  store_text(label_text),
		  store_text(member_list(params, "namespaces", &namespaces)),
		  store_text(member_list(params, "capabilities", &capabilities)),
		  store_text(hub_server(link->hub)));
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT id, meta FROM calls WHERE org = $1 AND agent = $2"
		  " AND state IN ('queued', 'waiting_approval')",
		  store_text(entry->org), store_text(entry->agent));
	if (label_text)
		add_label_rows(&batch, &rows, entry, labels);
	hub_batch_event(&batch, op, "agent",
			json_pack("{s:s, s:s}", "id", entry->agent, "state", "connected"));
	hub_op_submit(op, &batch);
}

void hello_handle(struct hub_link *link, json_t *id, const json_t *params)
{
	if (link->state != LINK_HELLO || (link->hello && link->hello != params)) {
		link_refuse(link, id, JSONRPC_INVALID_REQUEST, "hello is said once");
		return;
	}
	if (!json_is_object(params)) {
		link_refuse(link, id, JSONRPC_INVALID_PARAMS, "params must be an object");
		return;
	}
	if (!link->hello) {
		link->hello_id = json_incref(id);
		link->hello = json_deep_copy(params);
	}
	text_format(link->version, sizeof(link->version), "%s", short_text(params, "version"));
	link_stop(link);
	turn_take(link->hub, &link->turn, store_hello);
}
