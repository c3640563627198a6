/* Calls on their way to an agent: read from the store as there is room, and given once. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "server/hub/relay_internal.h"

#define RETRY_S 1

enum column {
	COL_ID,
	COL_TOOL,
	COL_ARGS,
	COL_CALLER,
	COL_DEADLINE,
	COL_CURSOR,
	COL_META,
	COL_STATEMENT,
	COL_SIGNATURE,
	COL_GRANT,
	COL_GRANT_SIGNATURE,
};

struct hub_flight *flight_find(const struct hub_entry *entry, const char *call)
{
	struct hub_flight *flight = entry->flights;

	while (flight && strcmp(flight->id, call) != 0)
		flight = flight->next;
	return flight;
}

struct hub_flight *flight_new(struct hub_entry *entry, const char *call, enum flight_state state)
{
	struct hub_flight *flight = calloc(1, sizeof(*flight));

	if (!flight)
		abort();
	text_copy(flight->id, sizeof(flight->id), call);
	flight->state = state;
	flight->next = entry->flights;
	entry->flights = flight;
	entry->n_flights++;
	return flight;
}

struct hub_flight *flight_take(struct hub_entry *entry, struct hub_flight **at)
{
	struct hub_flight *flight = *at;

	*at = flight->next;
	entry->n_flights--;
	return flight;
}

void flight_free(struct hub_flight *flight)
{
	free(flight);
}

void flight_end(struct hub_entry *entry, const char *call)
{
	for (struct hub_flight **at = &entry->flights; *at; at = &(*at)->next) {
		if (strcmp((*at)->id, call) == 0) {
			flight_free(flight_take(entry, at));
			return;
		}
	}
}

void flight_cast_adrift(struct hub_entry *entry, const char *call)
{
	struct hub_flight *flight = flight_find(entry, call);

	if (flight)
		flight->state = FLIGHT_ADRIFT;
}

void flights_drop(struct hub_entry *entry)
{
	while (entry->flights)
		flight_free(flight_take(entry, &entry->flights));
}

/* A sealed statement whose text and signature lie in two columns, or NULL. */
static json_t *sealed_of(const struct store_rows *rows, unsigned row, enum column column)
{
	const char *statement = store_text_at(rows, row, column);

	if (!*statement)
		return NULL;
	return json_pack("{s:s, s:s}", "statement", statement, "signature",
			 store_text_at(rows, row, column + 1));
}

static json_t *meta_of(const struct store_rows *rows, unsigned row, uint64_t now_ns)
{
	const char *id = store_text_at(rows, row, COL_ID);
	uint64_t deadline_ns = (uint64_t)store_int_at(rows, row, COL_DEADLINE);
	json_t *approval = sealed_of(rows, row, COL_STATEMENT);
	json_t *grant = sealed_of(rows, row, COL_GRANT);
	json_t *meta =
		json_pack("{s:s, s:I, s:s, s:s}", "constable/call_id", id, "constable/deadline_ms",
			  (json_int_t)((deadline_ns - now_ns) / NS_PER_MS), "constable/caller",
			  store_text_at(rows, row, COL_CALLER), "progressToken", id);

	if (strcmp(store_text_at(rows, row, COL_META), MUST_ASK_META) == 0)
		json_put(meta, "constable/must_ask", json_true());
	if (approval)
		json_put(meta, "constable/approval", approval);
	if (grant)
		json_put(meta, "constable/grant", grant);
	return meta;
}

json_t *call_params(const struct store_rows *rows, unsigned row, uint64_t now_ns)
{
	const char *args = store_text_at(rows, row, COL_ARGS);
	struct error err = { 0 };
	json_t *arguments = json_parse(args, strlen(args), HUB_ARGS_MAX_BYTES, &err);

	if (!arguments) /* they were checked */
		return NULL;
	return json_pack("{s:s, s:o, s:o}", "name", store_text_at(rows, row, COL_TOOL), "arguments",
			 arguments, "_meta", meta_of(rows, row, now_ns));
}

static bool is_cancelled(const struct store_rows *rows, unsigned row)
{
	return strstr(store_text_at(rows, row, COL_META), "\"cancel\":true");
}

static bool is_late(const struct store_rows *rows, unsigned row, uint64_t now_ns)
{
	return (uint64_t)store_int_at(rows, row, COL_DEADLINE) < now_ns + NS_PER_MS;
}

bool call_is_wanted(const struct store_rows *rows, unsigned row, uint64_t now_ns)
{
	return !is_cancelled(rows, row) && !is_late(rows, row, now_ns);
}

static void end_row(struct hub_link *link, const char *id, const char *state, const char *error)
{
	const struct hub_claim claim = claim_of(link->entry);

	outcome_end(link->hub,
		    &(struct hub_ending) {
			    .org = link->entry->org,
			    .agent = link->entry->agent,
			    .call = id,
			    .state = state,
			    .code = strcmp(state, "expired") == 0 ? -ETIMEDOUT : -ECANCELED,
			    .error = error,
			    .claim = &claim,
			    .was = "queued",
		    });
}

static int send_call(struct hub_link *link, const char *id, json_t *params)
{
	json_t *json_id;
	int r;

	if (!params) {
		end_row(link, id, "failed", "its arguments are no JSON");
		return 0;
	}
	json_id = json_string(id);
	r = link_try_send(link, jsonrpc_format_request(json_id, "tools/call", params));
	json_decref(json_id);
	return r;
}

/* Gives one call; false where the link takes no more. */
static bool give(struct hub_link *link, const struct store_rows *rows, unsigned row)
{
	const char *id = store_text_at(rows, row, COL_ID);
	struct hub_flight *flight = flight_find(link->entry, id);
	uint64_t now_ns = clock_wall_ns();

	if (flight && flight->state != FLIGHT_PAUSED)
		return true;
	if (is_cancelled(rows, row)) {
		end_row(link, id, "cancelled", "it was cancelled before it started");
		return true;
	}
	if (is_late(rows, row, now_ns)) {
		end_row(link, id, "expired", "its deadline passed before it could start");
		return true;
	}
	if (send_call(link, id, call_params(rows, row, now_ns)) < 0)
		return false;
	link->hub->counters.calls_sent++;
	if (!flight)
		flight = flight_new(link->entry, id, FLIGHT_SENT);
	flight->state = FLIGHT_SENT;
	step_reached("hub-given");
	return true;
}

static bool has_room(const struct hub_link *link)
{
	return link->state == LINK_READY && !link->is_dry && !link->is_loading &&
	       !link->is_blocked && !link->hub->is_ending &&
	       link->entry->n_flights < HUB_MAX_IN_FLIGHT && claim_may_give(link->hub);
}

static void give_rows(struct hub_link *link, const struct store_rows *rows)
{
	unsigned i;

	for (i = 0; i < rows->n_rows && link->entry->n_flights < HUB_MAX_IN_FLIGHT; i++) {
		if (!give(link, rows, i)) {
			link->is_blocked = 1;
			break;
		}
		link->cursor = store_int_at(rows, i, COL_CURSOR);
	}
	if (i < rows->n_rows || rows->n_rows == HUB_MAX_IN_FLIGHT)
		link->is_dry = 0;
}

static void handle_loaded(struct hub_op *op, const struct store_result *result,
			  const struct error *err)
{
	struct hub_link *link = hub_find_link(op->hub, op->org, op->agent, op->link);
	const struct store_rows *rows;

	if (!link || link->state != LINK_READY)
		return;
	link->is_loading = 0;
	if (err) {
		link_close(link, WEBSOCKET_TRY_LATER, "the store does not answer");
		return;
	}
	rows = &result->steps[0];
	if (link->is_rewound || !claim_may_give(link->hub)) {
		link->is_rewound = 0;
		link->is_dry = 0;
		link->cursor = 0;
	} else {
		give_rows(link, rows);
	}
	link_pump(link);
}

void calls_fetch(struct hub_op *op, int64_t cursor)
{
	struct hub_batch batch = { 0 };

	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT id, tool, args, caller, deadline, cursor, meta,"
		  " (SELECT statement FROM approvals WHERE approvals.org = calls.org"
		  " AND approvals.call = calls.id ORDER BY approvals.created DESC LIMIT 1),"
		  " (SELECT signature FROM approvals WHERE approvals.org = calls.org"
		  " AND approvals.call = calls.id ORDER BY approvals.created DESC LIMIT 1),"
		  " (SELECT statement FROM grants WHERE grants.org = calls.org"
		  " AND grants.id = calls.grant_id AND revoked IS NULL),"
		  " (SELECT signature FROM grants WHERE grants.org = calls.org"
		  " AND grants.id = calls.grant_id AND revoked IS NULL)"
		  " FROM calls WHERE org = $1 AND agent = $2 AND state = 'queued' AND cursor > $3"
		  " ORDER BY cursor LIMIT $4",
		  store_text(op->org), store_text(op->agent), store_int(cursor),
		  store_int(HUB_MAX_IN_FLIGHT));
	hub_op_submit(op, &batch);
}

void link_pump(struct hub_link *link)
{
	struct hub_op *op;

	if (!has_room(link))
		return;
	op = hub_op_new(link->hub, link->entry->org, link->entry->agent, NULL);
	op->link = link->number;
	op->done = handle_loaded;
	/* Whatever is queued after this was asked for sets is_dry back. */
	link->is_loading = 1;
	link->is_dry = 1;
	calls_fetch(op, link->cursor);
}

struct call_note *call_note(const struct hub_call *call, int64_t cursor)
{
	size_t n_tool = strlen(call->tool) + 1, n_args = strlen(call->args) + 1;
	size_t n_caller = strlen(call->caller) + 1;
	struct call_note *note = calloc(1, sizeof(*note) + n_tool + n_args + n_caller);

	if (!note)
		abort();
	note->cursor = cursor;
	note->deadline_ns = call->deadline_ns;
	note->has_more = call->grant || call->must_ask;
	note->tool = memcpy(note->texts, call->tool, n_tool);
	note->args = memcpy(note->texts + n_tool, call->args, n_args);
	note->caller = memcpy(note->texts + n_tool + n_args, call->caller, n_caller);
	return note;
}

/* As call_params() has it for those that are read back. */
static char *format_new(const struct hub_op *op, uint64_t now_ns)
{
	const struct call_note *note = op->note;

	return json_fill("{\"jsonrpc\":\"2.0\",\"id\":$s,\"method\":\"tools/call\",\"params\":{"
			 "\"name\":$s,\"arguments\":$j,\"_meta\":{\"constable/call_id\":$s,"
			 "\"constable/deadline_ms\":$i,\"constable/caller\":$s,"
			 "\"progressToken\":$s}}}",
			 op->call, note->tool, note->args, op->call,
			 (int64_t)((note->deadline_ns - now_ns) / NS_PER_MS), note->caller,
			 op->call);
}

/*
 * While a link is dry every row up to its cursor was given, and answers of the store come
 * in the order of the queue: so this one is next, and need not be read back.
 */
static bool give_new(struct hub_link *link, const struct hub_op *op)
{
	uint64_t now_ns = clock_wall_ns();

	if (op->note->has_more) /* which has to be read */
		return false;
	if (!link->is_dry || link->is_loading || link->is_blocked || link->hub->is_ending ||
	    link->entry->n_flights >= HUB_MAX_IN_FLIGHT ||
	    op->note->deadline_ns < now_ns + NS_PER_MS || !claim_may_give(link->hub))
		return false;
	if (link_try_send(link, format_new(op, now_ns)) < 0) {
		link->is_blocked = 1;
		return false;
	}
	link->hub->counters.calls_sent++;
	(void)flight_new(link->entry, op->call, FLIGHT_SENT);
	step_reached("hub-given");
	link->cursor = op->note->cursor;
	return true;
}

void link_pump_new(struct hub_link *link, const struct hub_op *op)
{
	if (give_new(link, op))
		return;
	link->is_dry = 0;
	link_pump(link);
}

void link_pump_again(struct hub_link *link)
{
	link->is_dry = 0;
	if (link->is_loading)
		link->is_rewound = 1;
	else
		link->cursor = 0;
	link_pump(link);
}

static bool resume_paused(struct hub_entry *entry)
{
	bool any = false;

	for (struct hub_flight **at = &entry->flights; *at;) {
		if ((*at)->state == FLIGHT_PAUSED) {
			flight_free(flight_take(entry, at));
			any = true;
		} else {
			at = &(*at)->next;
		}
	}
	return any;
}

void flight_handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct hub *hub = data;

	for (unsigned i = 0; i < HUB_BUCKETS; i++) {
		for (struct hub_entry *entry = hub->entries[i]; entry; entry = entry->next) {
			struct hub_link *link = hub_ready_link(entry);

			if (resume_paused(entry) && link)
				link_pump_again(link);
		}
	}
}

void flight_pause(struct hub *hub, struct hub_flight *flight)
{
	static const struct timeval retry = { .tv_sec = RETRY_S };

	flight->state = FLIGHT_PAUSED;
	hub->counters.calls_resent++;
	if (!event_pending(hub->retry_timer, EV_TIMEOUT, NULL))
		(void)event_add(hub->retry_timer, &retry);
}
