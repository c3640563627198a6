/*
 * POST /api/agent: enrolment and metrics as the documented agent speaks them, one endpoint
 * with an "action". Each is a face of what the rest of this folder does; tokens of an hour
 * stand beside certificates here, because that client knows nothing else.
 */
#include <string.h>

#include "server/enrol/actions.h"
#include "server/enrol/routes.h"

struct action {
	const char *name;
	enum role least; /* who may; ROLE_NONE: the body has what proves it */
	void (*run)(struct exchange *exchange);
};

static const struct action actions[] = {
	{ "device-auth-start", ROLE_NONE, action_start },
	{ "register", ROLE_NONE, action_register },
	{ "refresh", ROLE_NONE, action_refresh },
	{ "renew-refresh-token", ROLE_NONE, action_renew_refresh },
	{ "register-with-token", ROLE_NONE, action_register_with_token },
	{ "authorize", ROLE_ADMIN, action_authorize },
	{ "ingest-metrics", ROLE_AGENT, action_ingest },
	{ "list", ROLE_VIEWER, action_list },
	{ "revoke", ROLE_ADMIN, action_revoke },
	{ "health", ROLE_VIEWER, action_health },
};

static const struct action *find(const struct exchange *exchange)
{
	const char *name = exchange_member(exchange, "action", "");

	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (strcmp(actions[i].name, name) == 0)
			return &actions[i];
	return NULL;
}

static void run(struct exchange *exchange)
{
	const struct action *action = find(exchange);

	if (role_allows(action->least, exchange->caller.role))
		action->run(exchange);
	else
		exchange_refuse(exchange, 403, NULL, "this wants the role %s",
				role_name(action->least));
}

static void post_action(struct exchange *exchange)
{
	const struct action *action = find(exchange);

	if (!action)
		exchange_refuse(exchange, 400, "unknown_action", "unknown action");
	else if (action->least != ROLE_NONE)
		exchange_authenticate(exchange, run);
	else if (rate_take(exchange->api->strangers, exchange->http->peer->address, 1,
			   exchange_ticks()))
		action->run(exchange);
	else
		exchange_refuse(exchange, 429, "too_many_requests",
				"too many attempts: wait a minute");
}

const struct route routes_actions[] = {
	{ .method = "POST",
	  .operation = "do_agent_action",
	  .pattern = "/api/agent",
	  .summary = "The documented actions of the device flow, metrics and lists.",
	  .max_body_bytes = 256 * KIB,
	  .request = SCHEMA_GIVES("\"action\"",
				  "\"action\":" SCHEMA_TEXT ",\"user_code\":" SCHEMA_TEXT
				  ",\"device_code\":" SCHEMA_TEXT ",\"refresh_token\":" SCHEMA_TEXT
				  ",\"agent_id\":" SCHEMA_TEXT
				  ",\"system_metrics\":{\"type\":\"object\"}"),
	  .response = SCHEMA_OBJECT("\"agent_id\":" SCHEMA_TEXT),
	  .example = "{\"action\":\"list\"}",
	  .handle = post_action },
	{ 0 },
};
