#include "server/api/agent_row.h"

#include <string.h>

#include "base/clock.h"
#include "server/hub/company.h"

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },           { "name", COLUMN_TEXT },
	{ "hostname", COLUMN_TEXT },     { "version", COLUMN_TEXT },
	{ "labels", COLUMN_JSON },       { "namespaces", COLUMN_JSON },
	{ "capabilities", COLUMN_JSON }, { "address", COLUMN_TEXT },
	{ "created", COLUMN_TIME },      { "enrolled_by", COLUMN_TEXT },
	{ "last_seen", COLUMN_TIME },    { "revoked", COLUMN_TIME },
	{ "boot_id", COLUMN_TEXT },      { 0 },
};

const char *agent_health(int64_t last_seen, int64_t now)
{
	if (now - last_seen < 300 * (int64_t)NS_PER_SEC)
		return "healthy";
	return now - last_seen < 900 * (int64_t)NS_PER_SEC ? "stale" : "inactive";
}

enum {
	AT_LAST_SEEN = 10,
	AT_REVOKED,
	AT_STATE = 13,
	AT_SERVER,
};

/* Who holds its link says so in the store; of our own we know it sooner. */
const char *agent_presence(const struct exchange *exchange, const char *agent, const char *state,
			   const char *server)
{
	const char *us = hub_server(exchange->api->hub);

	if (us && *server && strcmp(server, us) != 0)
		return state;
	return hub_presence_name(
		hub_get_state(exchange->api->hub, exchange->caller.org->id, agent).presence);
}

static void add_presence(const struct exchange *exchange, const struct store_rows *rows,
			 unsigned row, json_t *agent)
{
	struct hub_state state = hub_get_state(exchange->api->hub, exchange->caller.org->id,
					       store_text_at(rows, row, 0));
	const char *us = hub_server(exchange->api->hub);
	const char *server = store_text_at(rows, row, AT_SERVER);
	const char *name = agent_presence(exchange, store_text_at(rows, row, 0),
					  store_text_at(rows, row, AT_STATE), server);
	bool is_elsewhere = us && *server && strcmp(server, us) != 0;
	bool is_there;

	if (!is_elsewhere)
		json_put(agent, "calls_in_flight", json_integer(state.n_in_flight));
	if (store_at(rows, row, AT_REVOKED)->kind != STORE_NULL)
		name = "revoked";
	is_there = strcmp(name, "connected") == 0 || strcmp(name, "stale") == 0;
	json_put(agent, "state", json_string(name));
	json_put(agent, "server", is_there && us ? json_string(server) : json_null());
}

json_t *agent_row(const struct exchange *exchange, const struct store_rows *rows, unsigned row)
{
	json_t *agent = exchange_row(rows, row, columns);
	int64_t seen = store_int_at(rows, row, AT_LAST_SEEN);
	struct hub_state state = hub_get_state(exchange->api->hub, exchange->caller.org->id,
					       store_text_at(rows, row, 0));
	char text[CLOCK_TEXT_BYTES];

	if ((int64_t)state.last_seen_ns > seen) {
		seen = (int64_t)state.last_seen_ns;
		json_put(agent, "last_seen", json_string(clock_format((uint64_t)seen, text)));
	}
	add_presence(exchange, rows, row, agent);
	json_put(agent, "health", json_string(agent_health(seen, (int64_t)clock_wall_ns())));
	return agent;
}

bool agent_has_label(const json_t *labels, const char *label)
{
	const char *equals = label ? strchr(label, '=') : NULL;
	char key[ORG_NAME_BYTES];

	if (!label || !*label)
		return true;
	if (!equals || (size_t)(equals - label) >= sizeof(key))
		return false;
	text_format(key, sizeof(key), "%.*s", (int)(equals - label), label);
	return strcmp(json_get_text(labels, key, "\x01"), equals + 1) == 0;
}
