/* /mcp, and what clients of OAuth are told of it. */
#include <string.h>

#include "net/local_site.h"
#include "server/api/oauth.h"
#include "server/gateway/gateway.h"
#include "server/gateway/routes.h"
#include "surface/mcp/mcp.h"

/* A page that came from us, or from this machine: any other page must not use a browser's way in.
 */
static bool is_welcome(const struct exchange *exchange)
{
	const char *origin = http_request_field(exchange->http, "origin");
	const char *ours = exchange->api->config->public_url;

	return !origin || strcmp(origin, ours) == 0 || local_site_is_origin(origin);
}

static void serve_mcp(struct exchange *exchange)
{
	if (!is_welcome(exchange)) {
		exchange_refuse(exchange, 403, "forbidden", "a page of another site asks");
		return;
	}
	gateway_serve(exchange->api->gateway, exchange->http, &exchange->caller);
	exchange_end(exchange);
}

static void get_metadata(struct exchange *exchange)
{
	if (exchange->api->oauth)
		exchange_answer(exchange, oauth_metadata(exchange->api->oauth));
	else
		exchange_refuse(exchange, 404, NULL, "this server trusts no OAuth issuer");
}

#define METADATA(below, name)                                                          \
	{                                                                              \
		.method = "GET", .operation = (name),                                  \
		.pattern = "/.well-known/oauth-protected-resource" below,              \
		.summary = "Where clients of /mcp get access tokens (RFC 9728).",      \
		.flags = ROUTE_LIMITED,                                                \
		.response = SCHEMA_GIVES("\"resource\",\"authorization_servers\"",     \
					 "\"resource\":" SCHEMA_TEXT                   \
					 ",\"authorization_servers\":" SCHEMA_TEXTS    \
					 ",\"scopes_supported\":" SCHEMA_TEXTS         \
					 ",\"bearer_methods_supported\":" SCHEMA_TEXTS \
					 ",\"resource_name\":" SCHEMA_TEXT),           \
		.handle = get_metadata                                                 \
	}

#define MCP(verb, name, what, more)                                                          \
	{                                                                                    \
		.method = (verb), .operation = (name), .pattern = "/mcp", .summary = (what), \
		.least = ROLE_VIEWER, .flags = (more) | ROUTE_OAUTH | ROUTE_RPC,             \
		.max_body_bytes = MCP_MESSAGE_MAX_BYTES, .type = "text/event-stream",        \
		.handle = serve_mcp                                                          \
	}

const struct route routes_gateway[] = {
	MCP("POST", "post_mcp", "A message of the Model Context Protocol, to the whole fleet.",
	    ROUTE_STREAM),
	MCP("GET", "follow_mcp", "What a session of it is told unasked, or a lost stream (SSE).",
	    ROUTE_STREAM),
	MCP("DELETE", "end_mcp", "Ends a session of it.", ROUTE_STREAM),
	METADATA("", "get_resource_metadata"),
	METADATA("/mcp", "get_mcp_metadata"),
	{ 0 },
};
