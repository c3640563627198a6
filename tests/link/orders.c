/* Orders by HTTP: what a test wants of the hub, and what the store has. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "link_server.h"
#include "net/sse.h"

#define ORG "acme"

struct order {
	struct server *server;
	struct http_request *request;
	struct hub_wait wait;
	char call[HUB_ID_BYTES];
};

struct watch {
	struct http_stream *stream;
	struct hub_subscription *subscription;
};

static const char *query(const struct http_request *request, const char *name)
{
	const char *value = http_request_query(request, name);

	return value ? value : "";
}

static uint64_t number(const struct http_request *request, const char *name)
{
	return strtoull(query(request, name), NULL, 10);
}

static void reply_error(struct http_request *request, const struct error *err)
{
	http_reply_json(request, 200,
			json_pack("{s:i, s:s}", "code", err->code, "error", err->text));
}

static struct order *order_new(struct server *server, struct http_request *request)
{
	struct order *order = calloc(1, sizeof(*order));

	if (!order)
		abort();
	order->server = server;
	order->request = request;
	text_format(order->call, sizeof(order->call), "%s", query(request, "id"));
	return order;
}

static void handle_submitted(const char *id, const struct error *err, void *data)
{
	struct order *order = data;

	if (err)
		reply_error(order->request, err);
	else
		http_reply_json(order->request, 200, json_pack("{s:i, s:s}", "code", 0, "id", id));
	free(order);
}

static void submit(struct server *server, struct http_request *request)
{
	struct hub_call call = {
		.org = ORG,
		.agent = query(request, "agent"),
		.tool = query(request, "tool"),
		.args = request->n_body ? request->body : "{}",
		.caller = "acme/test",
		.risk = "reads",
		.deadline_ns = clock_wall_ns() + number(request, "ms") * NS_PER_MS,
	};

	hub_submit(server->hub, &call, handle_submitted, order_new(server, request));
}

static void handle_row(const struct store_result *result, const struct error *err, void *data)
{
	struct order *order = data;
	const struct store_rows *rows = result ? &result->steps[0] : NULL;

	if (err)
		reply_error(order->request, err);
	else
		http_reply_json(
			order->request, 200,
			json_pack("{s:i, s:s, s:s, s:s, s:I, s:s, s:s}", "code", 0, "state",
				  store_text_at(rows, 0, 0), "result", store_text_at(rows, 0, 1),
				  "error", store_text_at(rows, 0, 2), "error_code",
				  (json_int_t)store_int_at(rows, 0, 3), "meta",
				  store_text_at(rows, 0, 4), "agent", store_text_at(rows, 0, 5)));
	free(order);
}

static void read_call(struct order *order)
{
	const struct store_value values[] = { store_text(ORG), store_text(order->call) };
	const struct store_step step = {
		.sql = "SELECT state, result, error, error_code, meta, agent FROM calls"
		       " WHERE org = $1 AND id = $2",
		.params = values,
		.n_params = 2,
		.expect = STORE_SOME,
	};
	const struct store_batch batch = { .org = ORG, .steps = &step, .n_steps = 1 };

	store_submit(order->server->store, &batch, handle_row, order);
}

static void handle_waited(struct hub_wait *wait, const char *state UNUSED, const struct error *err)
{
	struct order *order = container_of(wait, struct order, wait);

	if (err) {
		reply_error(order->request, err);
		free(order);
		return;
	}
	read_call(order);
}

static void wait_for_call(struct server *server, struct http_request *request)
{
	struct order *order = order_new(server, request);

	order->wait = (struct hub_wait) {
		.org = ORG,
		.call = order->call,
		.until_ns = clock_monotonic_ns() + number(request, "ms") * NS_PER_MS,
		.done = handle_waited,
	};
	hub_wait(server->hub, &order->wait);
}

static void handle_done(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct http_request *request = data;
	const struct error none = { 0 };

	reply_error(request, err ? err : &none);
}

static void cancel(struct server *server, struct http_request *request)
{
	hub_cancel(server->hub, ORG, query(request, "id"), handle_done, request);
}

static void revoke(struct server *server, struct http_request *request)
{
	hub_revoke(server->hub, ORG, query(request, "agent"), handle_done, request);
}

static void approve(struct server *server, struct http_request *request)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *sealed = json_parse(request->body, request->n_body, 64 * KIB, &err);
	const struct hub_approval approval = {
		.org = ORG, .call = query(request, "id"), .approver = "ana", .sealed = sealed
	};

	hub_approve(server->hub, &approval, handle_done, request);
}

static void state(struct server *server, struct http_request *request)
{
	struct hub_state now = hub_get_state(server->hub, ORG, query(request, "agent"));

	http_reply_json(request, 200,
			json_pack("{s:s, s:I, s:i}", "state", hub_presence_name(now.presence),
				  "last_seen", (json_int_t)now.last_seen_ns, "in_flight",
				  (int)now.n_in_flight));
}

static void handle_tools(const json_t *tools, const struct error *err, void *data)
{
	struct http_request *request = data;

	if (err)
		reply_error(request, err);
	else
		http_reply_json(request, 200, json_deep_copy(tools));
}

static void tools(struct server *server, struct http_request *request)
{
	hub_list_tools(server->hub, ORG, query(request, "agent"), handle_tools, request);
}

static void counters(struct server *server, struct http_request *request)
{
	const struct hub_counters *now = hub_counters(server->hub);

	http_reply_json(
		request, 200,
		json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:i}", "links",
			  (json_int_t)now->links, "accepted", (json_int_t)now->links_accepted,
			  "replaced", (json_int_t)now->links_replaced, "sent",
			  (json_int_t)now->calls_sent, "outcomes", (json_int_t)now->outcomes,
			  "again", (json_int_t)now->outcomes_again, "late",
			  (json_int_t)now->outcomes_late, "heartbeats", (json_int_t)now->heartbeats,
			  "metrics", (json_int_t)now->metrics, "renewed", (int)server->n_renewed));
}

static void handle_metrics(const struct store_result *result, const struct error *err, void *data)
{
	struct http_request *request = data;
	json_t *rows = json_array();

	for (unsigned i = 0; !err && i < result->steps[0].n_rows; i++)
		json_push(rows, json_loads(store_text_at(&result->steps[0], i, 0), 0, NULL));
	http_reply_json(request, 200, json_pack("{s:o}", "rows", rows));
}

static void metrics(struct server *server, struct http_request *request)
{
	const struct store_value values[] = { store_text(ORG),
					      store_text(query(request, "agent")) };
	const struct store_step step = {
		.sql = "SELECT data FROM metrics WHERE org = $1 AND agent = $2 ORDER BY time",
		.params = values,
		.n_params = 2,
	};
	const struct store_batch batch = { .org = ORG, .steps = &step, .n_steps = 1 };

	store_submit(server->store, &batch, handle_metrics, request);
}

static void approvers(struct server *server, struct http_request *request)
{
	struct error err = { 0 };
	json_t *sealed = json_parse(request->body, request->n_body, 64 * KIB, &err);

	if (sealed)
		hub_set_approvers(server->hub, ORG, sealed);
	reply_error(request, &err);
}

static int deliver(const struct hub_event *event, void *data)
{
	struct watch *watch = data;
	CLEANUP(buf) struct buf out = { 0 };
	char id[32];

	text_format(id, sizeof(id), "%llu", (unsigned long long)event->seq);
	buf_init(&out, MIB);
	sse_format(&(struct sse_event) { .id = id,
					 .event = event->kind,
					 .data = event->data,
					 .n_data = strlen(event->data) },
		   &out);
	return http_stream_write(watch->stream, out.data, out.len);
}

static void handle_drained(struct http_stream *stream UNUSED, void *data)
{
	struct watch *watch = data;

	hub_subscription_resume(watch->subscription);
}

static void handle_gone(struct http_stream *stream UNUSED, void *data)
{
	struct watch *watch = data;

	hub_subscription_end(watch->subscription);
	free(watch);
}

static void events(struct server *server, struct http_request *request)
{
	static const struct http_stream_handlers handlers = { handle_drained, handle_gone, 0 };
	struct watch *watch = calloc(1, sizeof(*watch));
	struct error err = { 0 };
	const struct hub_subscriber subscriber = {
		.org = ORG,
		.after_seq = number(request, "after"),
		.deliver = deliver,
		.data = watch,
	};

	if (!watch)
		abort();
	watch->stream = http_stream_start(request, 200, SSE_TYPE, &handlers, watch);
	if (watch->stream)
		watch->subscription = hub_subscribe(server->hub, &subscriber, &err);
	if (!watch->subscription)
		abort();
}

static const struct {
	const char *path;
	void (*handle)(struct server *server, struct http_request *request);
} orders[] = {
	{ "/approve", approve },      { "/approvers", approvers },
	{ "/cancel", cancel },        { "/counters", counters },
	{ "/events", events },        { "/ledger", ledger_of_calls },
	{ "/log", ledger_of_events }, { "/open", ledger_of_open_calls },
	{ "/metrics", metrics },      { "/revoke", revoke },
	{ "/state", state },          { "/submit", submit },
	{ "/tools", tools },          { "/wait", wait_for_call },
};

void order_handle(struct http_request *request, void *data)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (strcmp(orders[i].path, request->path) == 0) {
			orders[i].handle(data, request);
			return;
		}
	}
	http_reply_error(request, 404, NULL, "no such order");
}
