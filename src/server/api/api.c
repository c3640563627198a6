#include "server/api/api.h"

#include <string.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "server/api/exchange_internal.h"

#define BODY_BYTES (64 * KIB)

static void call_handler(struct exchange *exchange)
{
	if (exchange_read(exchange))
		exchange->entry->route->handle(exchange);
}

static bool within_quota(struct exchange *exchange)
{
	struct org *org = exchange->caller.org;

	if (!(exchange->entry->route->flags & ROUTE_CALLS) ||
	    orgs_take_call(org, clock_monotonic_ns()))
		return true;
	exchange->api->counters.limited++;
	exchange_header(exchange, "Retry-After", "60");
	exchange_refuse(exchange, 429, "quota_exceeded",
			"org '%s' has used its %lld calls of this minute", org->name,
			(long long)org->quota_calls);
	return false;
}

void api_admit(struct exchange *exchange)
{
	const struct route *route = exchange->entry->route;
	bool of_server = strcmp(exchange->caller.org->id, ORG_DEFAULT) == 0;
	bool is_host = route->flags & ROUTE_AGENTS && exchange->caller.role == ROLE_AGENT;

	if ((!is_host && !role_allows(route->least, exchange->caller.role)) ||
	    (route->flags & ROUTE_SERVER && !of_server)) {
		exchange->api->counters.forbidden++;
		exchange_refuse(exchange, 403, "forbidden",
				"this wants the role %s%s; you have the role %s",
				role_name(route->least),
				route->flags & ROUTE_SERVER ? " in the org of the server" : "",
				role_name(exchange->caller.role));
	} else if (within_quota(exchange)) {
		call_handler(exchange);
	}
}

static bool within_rate(struct exchange *exchange)
{
	const struct api *api = exchange->api;

	if (!(exchange->entry->route->flags & ROUTE_LIMITED) ||
	    rate_take(api->strangers, exchange->http->peer->address, 1, clock_monotonic_ns()))
		return true;
	exchange->api->counters.limited++;
	exchange_header(exchange, "Retry-After", "60");
	exchange_refuse(exchange, 429, "too_many_requests",
			"too many attempts from %s: wait a minute", exchange->http->peer->address);
	return false;
}

static void refuse_path(struct exchange *exchange, const struct router_match *match)
{
	if (match->allow[0]) {
		exchange_header(exchange, "Allow", match->allow);
		exchange_refuse(exchange, 405, NULL, "this path takes %s", match->allow);
	} else {
		exchange_refuse(exchange, 404, NULL, "there is nothing at this path");
	}
}

void api_handle_request(struct http_request *request, void *data)
{
	struct api *api = data;
	struct exchange *exchange = exchange_new(api, request);
	struct router_match match;

	/* What a path names becomes text in the store. */
	if (!utf8_is_valid(request->path, strlen(request->path))) {
		exchange_refuse(exchange, 400, NULL, "the path is not UTF-8 text");
		return;
	}
	router_find(api->router, request->method, request->path, &match);
	if (!match.entry) {
		refuse_path(exchange, &match);
		return;
	}
	exchange->entry = match.entry;
	memcpy(exchange->params, match.params, sizeof(match.params));
	if (!within_rate(exchange))
		return;
	if (match.entry->route->least == ROLE_NONE)
		call_handler(exchange);
	else
		exchange_authenticate(exchange, api_admit);
}

size_t api_handle_head(struct http_request *request, void *data)
{
	const struct api *api = data;
	struct router_match match;

	router_find(api->router, request->method, request->path, &match);
	if (!match.entry)
		return BODY_BYTES;
	return match.entry->route->max_body_bytes ? match.entry->route->max_body_bytes : BODY_BYTES;
}
