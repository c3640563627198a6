/*
 * What the routes of both kinds of appeals (appeal.h) share that come from MCP servers of others: a
 * call ("tool") waits for an approval, a question ("form") for an answer.
 */
#pragma once

#include "server/api/exchange.h"
#include "server/inquiry/appeal.h"

/* What mcp_open_list() and _find() give as their first rows; 'what' is the name of the last. */
#define MCP_OPEN_COLUMNS(what)                                               \
	{                                                                    \
		{ "id", COLUMN_TEXT }, { "investigation", COLUMN_TEXT },     \
			{ "caller", COLUMN_TEXT }, { "asked", COLUMN_TIME }, \
			{ "expires", COLUMN_TIME }, { what, COLUMN_JSON },   \
		{                                                            \
			0                                                    \
		}                                                            \
	}
#define MCP_OPEN_DATA 5 /* its column */
#define MCP_OPEN_ROW(what)                                                   \
	SCHEMA_GIVES("\"id\",\"investigation\",\"" what "\"",                \
		     "\"id\":" SCHEMA_TEXT ",\"investigation\":" SCHEMA_TEXT \
		     ",\"caller\":" SCHEMA_TEXT ",\"asked\":" SCHEMA_TEXT    \
		     ",\"expires\":" SCHEMA_TEXT ",\"" what "\":{\"type\":\"object\"}")
#define MCP_OPEN_GIVEN SCHEMA_GIVES("\"ok\",\"id\"", "\"ok\":" SCHEMA_FLAG ",\"id\":" SCHEMA_TEXT)

/* All of the org that wait, the oldest first; 256 at most. */
void mcp_open_list(struct exchange *exchange, const char *kind, exchange_done *done);

/* The one that the path names, if it waits; else 404. */
void mcp_open_find(struct exchange *exchange, const char *kind, exchange_done *done);

/*
 * Whether who asks is who asked for the investigation, and so is not to decide what it does; unless
 * the org lets authors. A second key makes nobody a second person, so he is told by the id of his
 * API key, by its name, by the names that approvers have for what he signs with, and by the API
 * keys that told the same. Of a person whose access token named him there is nothing but the name:
 * only who is an approver by his signing key is another. 'result' is that of mcp_open_find().
 */
bool mcp_open_is_own(const struct exchange *exchange, const struct store_result *result);

/* Gives it on with the record for the audit log, and answers the client. 'text' may be NULL. */
void mcp_open_give(struct exchange *exchange, enum appeal_say say, const char *text,
		   const struct store_step *record);
