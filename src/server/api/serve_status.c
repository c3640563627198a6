/* How the server is: for people, for load balancers, for Prometheus. */
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/api/exposition.h"
#include "server/api/openapi.h"
#include "server/api/routes.h"
#include "tools/catalogue.h"

static const char *store_word(const struct exchange *exchange)
{
	switch (store_state(exchange->api->store)) {
	case STORE_READY:
		return "ready";
	case STORE_STARTING:
		return "starting";
	case STORE_FAILED:
		return "failed";
	}
	return "failed";
}

static void get_healthz(struct exchange *exchange)
{
	exchange_answer(exchange, json_pack("{s:s}", "status", "ok"));
}

static void get_readyz(struct exchange *exchange)
{
	if (store_state(exchange->api->store) != STORE_READY || exchange->api->orgs->n == 0) {
		exchange_refuse(exchange, 503, "not_ready", "the store is %s",
				store_word(exchange));
		return;
	}
	exchange_answer(exchange, json_pack("{s:s}", "status", "ready"));
}

static void get_health(struct exchange *exchange)
{
	char now[CLOCK_TEXT_BYTES];
	uint64_t up_ns = clock_wall_ns() - exchange->api->started_ns;

	exchange_answer(exchange,
			json_pack("{s:s, s:s, s:s, s:I, s:s}", "status", "ok", "version",
				  exchange->api->config->version, "store", store_word(exchange),
				  "uptime_seconds", (json_int_t)(up_ns / NS_PER_SEC), "timestamp",
				  clock_format(clock_wall_ns(), now)));
}

static void get_version(struct exchange *exchange)
{
	exchange_answer(exchange, json_pack("{s:s, s:s}", "name", "constable-server", "version",
					    exchange->api->config->version));
}

static json_t *document(struct exchange *exchange)
{
	struct router *router = exchange->api->router;

	if (!router->document)
		router->document = openapi_make(router, exchange->api->config->version,
						exchange->api->config->public_url);
	return router->document;
}

static void get_openapi(struct exchange *exchange)
{
	exchange_answer(exchange, json_incref(document(exchange)));
}

static void get_tools(struct exchange *exchange)
{
	CLEANUP(buf) struct buf text = { 0 };

	/* Who asks is not known, so it costs no tree. */
	buf_init(&text, CATALOGUE_MAX_BYTES);
	buf_add_text(&text, "{\"tools\":");
	catalogue_write(exchange->api->tools, &text);
	buf_add_text(&text, "}");
	exchange_answer_text(exchange, 200, "application/json", buf_text(&text));
}

static void get_docs(struct exchange *exchange)
{
	const struct router *router = exchange->api->router;
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, MIB);
	buf_add_text(&page, "<!doctype html><meta charset=utf-8><title>Constable API</title>"
			    "<h1>Constable API</h1><p>As a document: "
			    "<a href=openapi.json>openapi.json</a></p><table>");
	for (unsigned i = 0; i < router->n; i++) {
		const struct route *route = router->entries[i].route;

		buf_add_format(&page, "<tr><td>%s<td><code>%s</code><td>%s<td>%s</tr>",
			       route->method, route->pattern, role_name(route->least),
			       route->summary);
	}
	buf_add_text(&page, "</table>");
	exchange_answer_text(exchange, 200, "text/html; charset=utf-8", buf_text(&page));
}

static void add_metric(struct buf *page, const char *name, const char *kind, uint64_t value)
{
	buf_add_format(page, "# TYPE constable_%s %s\nconstable_%s %llu\n", name, kind, name,
		       (unsigned long long)value);
}

static void add_hub(struct buf *page, const struct hub_counters *hub)
{
	add_metric(page, "links", "gauge", hub->links);
	add_metric(page, "calls_in_flight", "gauge", hub->in_flight);
	add_metric(page, "subscribers", "gauge", hub->subscribers);
	add_metric(page, "links_accepted_total", "counter", hub->links_accepted);
	add_metric(page, "links_refused_total", "counter", hub->links_refused);
	add_metric(page, "links_stale_total", "counter", hub->links_stale);
	add_metric(page, "messages_in_total", "counter", hub->messages_in);
	add_metric(page, "messages_out_total", "counter", hub->messages_out);
	add_metric(page, "messages_bad_total", "counter", hub->messages_bad);
	add_metric(page, "calls_submitted_total", "counter", hub->calls_submitted);
	add_metric(page, "calls_sent_total", "counter", hub->calls_sent);
	add_metric(page, "calls_resent_total", "counter", hub->calls_resent);
	add_metric(page, "outcomes_total", "counter", hub->outcomes);
	add_metric(page, "hints_total", "counter", hub->hints);
	add_metric(page, "progress_dropped_total", "counter", hub->progress_dropped);
	add_metric(page, "calls_expired_total", "counter", hub->calls_expired);
	add_metric(page, "heartbeats_total", "counter", hub->heartbeats);
	add_metric(page, "store_failures_total", "counter", hub->store_failures);
}

static void write_metrics(const struct api *api, struct buf *page)
{
	buf_add_text(page, "# TYPE constable_http_requests_total counter\n");
	for (unsigned i = 1; i < ARRAY_LEN(api->counters.requests); i++)
		buf_add_format(page, "constable_http_requests_total{status=\"%uxx\"} %llu\n", i,
			       (unsigned long long)api->counters.requests[i]);
	add_metric(page, "http_limited_total", "counter", api->counters.limited);
	add_metric(page, "http_unauthenticated_total", "counter", api->counters.unauthenticated);
	add_metric(page, "http_forbidden_total", "counter", api->counters.forbidden);
	add_metric(page, "store_ready", "gauge", store_state(api->store) == STORE_READY);
	add_metric(page, "store_pending", "gauge", store_n_pending(api->store));
	add_metric(page, "orgs", "gauge", api->orgs->n);
	add_metric(page, "start_time_seconds", "gauge", api->started_ns / NS_PER_SEC);
	add_hub(page, hub_counters(api->hub));
	if (api->add_metrics)
		api->add_metrics(api, page);
}

static bool wants_json(const struct exchange *exchange)
{
	const char *format = json_get_text(exchange->query, "format", NULL);
	const char *accept = http_request_field(exchange->http, "accept");

	if (format)
		return strcmp(format, "json") == 0;
	return accept && strncmp(accept, "application/json", 16) == 0;
}

static void answer_json(struct exchange *exchange, const char *page)
{
	json_t *metrics = exposition_json(page);
	char now[CLOCK_TEXT_BYTES];

	json_put(metrics, "timestamp", json_string(clock_format(clock_wall_ns(), now)));
	exchange_answer(exchange, metrics);
}

static void get_metrics(struct exchange *exchange)
{
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, 64 * KIB);
	write_metrics(exchange->api, &page);
	if (wants_json(exchange))
		answer_json(exchange, buf_text(&page));
	else
		exchange_answer_text(exchange, 200, "text/plain; version=0.0.4; charset=utf-8",
				     buf_text(&page));
}

#define STATUS SCHEMA_GIVES("\"status\"", "\"status\":" SCHEMA_TEXT)

const struct route routes_status[] = {
	{ .method = "GET",
	  .operation = "get_liveness",
	  .pattern = "/healthz",
	  .summary = "Whether the process answers.",
	  .response = STATUS,
	  .handle = get_healthz },
	{ .method = "GET",
	  .operation = "get_readiness",
	  .pattern = "/readyz",
	  .summary = "Whether the store is there.",
	  .response = STATUS,
	  .handle = get_readyz },
	{ .method = "GET",
	  .operation = "get_server_metrics",
	  .pattern = "/metrics",
	  .summary = "Counters of this process: for Prometheus, or as JSON to who accepts that.",
	  .query = SCHEMA_STRICT("", "\"format\":{\"enum\":[\"prometheus\",\"json\"]}"),
	  .response =
		  SCHEMA_GIVES("\"timestamp\",\"counters\",\"gauges\"",
			       "\"timestamp\":" SCHEMA_TEXT ",\"counters\":{\"type\":\"object\"}"
			       ",\"gauges\":{\"type\":\"object\"}"),
	  .type = "text/plain",
	  .handle = get_metrics },
	{ .method = "GET",
	  .operation = "get_health",
	  .pattern = "/api/v1/health",
	  .summary = "How the server is.",
	  .response = SCHEMA_GIVES("\"status\",\"version\",\"store\",\"uptime_seconds\"",
				   "\"status\":" SCHEMA_TEXT ",\"version\":" SCHEMA_TEXT
				   ",\"store\":" SCHEMA_TEXT ",\"uptime_seconds\":" SCHEMA_COUNT
				   ",\"timestamp\":" SCHEMA_TEXT),
	  .handle = get_health },
	{ .method = "GET",
	  .operation = "get_version",
	  .pattern = "/api/v1/version",
	  .summary = "Which server this is.",
	  .response = SCHEMA_GIVES("\"name\",\"version\"",
				   "\"name\":" SCHEMA_TEXT ",\"version\":" SCHEMA_TEXT),
	  .handle = get_version },
	{ .method = "GET",
	  .operation = "list_tools",
	  .pattern = "/api/v1/tools",
	  .summary = "The catalogue of tools that this server was built with.",
	  .response = SCHEMA_GIVES("\"tools\"", "\"tools\":{\"type\":\"array\"}"),
	  .handle = get_tools },
	{ .method = "GET",
	  .operation = "get_docs",
	  .pattern = "/api/v1/docs",
	  .summary = "The API as a page.",
	  .type = "text/html",
	  .handle = get_docs },
	{ .method = "GET",
	  .operation = "get_openapi",
	  .pattern = "/api/v1/openapi.json",
	  .summary = "The API as an OpenAPI 3.1 document.",
	  .response = SCHEMA_GIVES("\"openapi\",\"paths\"",
				   "\"openapi\":" SCHEMA_TEXT ",\"paths\":{\"type\":\"object\"}"),
	  .handle = get_openapi },
	{ 0 },
};
