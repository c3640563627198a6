/*
 * What a request wants of an MCP server, over what there is: checked, sealed, as it is stored.
 */
#pragma once

#include "server/api/exchange.h"
#include "server/mcp/mcp_server.h"

/* Texts live as long as the exchange. */
struct mcp_wish {
	const char *url, *protocol, *policy, *secrets, *sealed;
	int64_t is_enabled, call_s, max_kb, calls;
};

/* Why it can be no name, or NULL: it stands in the names of tools. */
const char *mcp_name_fault(const char *name);

/* Seals a secret as that of the server 'id'; false where it has been refused. */
bool mcp_wish_seal(struct exchange *exchange, const char *id, const json_t *secret,
		   struct mcp_wish *wish);

/* Puts the body over 'wish' and 'policy'; false where it has been refused. */
bool mcp_wish_read(struct exchange *exchange, const char *id, json_t *policy,
		   struct mcp_wish *wish);
