/* An agent as the API shows it: its row, and what the hub knows of it now. */
#pragma once

#include "server/api/exchange.h"

#define AGENT_COLUMNS                                                              \
	"id, name, hostname, version, labels, namespaces, capabilities, address, " \
	"created, enrolled_by, last_seen, revoked, boot_id, state, server"

json_t *agent_row(const struct exchange *exchange, const struct store_rows *rows, unsigned row);

/*
 * "connected" ... as of now: of an agent of this server what the hub knows, of another's what the
 * store says; both are columns of its row.
 */
const char *agent_presence(const struct exchange *exchange, const char *agent, const char *state,
			   const char *server);

/* "healthy" (seen within 5 minutes), "stale" (within 15) or "inactive". */
const char *agent_health(int64_t last_seen, int64_t now);

/* "key=value" against labels; NULL and "" are in every agent. */
bool agent_has_label(const json_t *labels, const char *label);

#define AGENT_SCHEMA                                                                             \
	SCHEMA_GIVES("\"id\",\"name\",\"state\",\"health\"",                                     \
		     "\"id\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT ",\"hostname\":" SCHEMA_TEXT \
		     ",\"version\":" SCHEMA_TEXT ",\"labels\":" SCHEMA_MAP                       \
		     ",\"namespaces\":" SCHEMA_TEXTS ",\"capabilities\":" SCHEMA_TEXTS           \
		     ",\"address\":" SCHEMA_TEXT ",\"created\":" SCHEMA_TEXT                     \
		     ",\"enrolled_by\":" SCHEMA_TEXT ",\"last_seen\":" SCHEMA_NULL_TEXT          \
		     ",\"revoked\":" SCHEMA_NULL_TEXT ",\"boot_id\":" SCHEMA_TEXT                \
		     ",\"state\":{\"enum\":[\"connected\",\"disconnected\",\"stale\","           \
		     "\"revoked\"]},\"health\":{\"enum\":[\"healthy\",\"stale\","                \
		     "\"inactive\"]},\"calls_in_flight\":" SCHEMA_COUNT                          \
		     ",\"server\":" SCHEMA_NULL_TEXT)
