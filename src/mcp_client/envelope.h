/* What a request of a client looks like outside: its headers, and how it is handed to the courier.
 */
#pragma once

#include "mcp_client/client_internal.h"
#include "mcp_client/header.h"

#define MCP_PARAM "Mcp-Param-"
#define MCP_PARAM_NAME_BYTES (sizeof(MCP_PARAM) + MCP_HEADER_NAME_BYTES)
#define MCP_MAX_HEADERS (COURIER_MAX_HEADERS - MCP_MAX_SECRETS - 1)

/* The headers of one request; for CLEANUP(mcp_envelope). */
struct mcp_envelope {
	struct courier_header items[MCP_MAX_HEADERS];
	size_t n;
	bool is_too_long; /* a value that no header can carry */

	/* private */
	char names[MCP_MAX_PARAM_HEADERS][MCP_PARAM_NAME_BYTES];
	char *values[MCP_MAX_PARAM_HEADERS + 1];
	size_t n_params, n_values;
};

void mcp_envelope_cleanup(struct mcp_envelope *envelope);

/* The texts are borrowed. */
void mcp_envelope_put(struct mcp_envelope *envelope, const char *name, const char *value);
/* What every message of a client says; 'method' may be NULL. */
void mcp_envelope_address(struct mcp_envelope *envelope, const struct mcp_client *client,
			  const char *method);
/* What a request of 2026-07-28 says besides, of its body. */
void mcp_envelope_mirror(struct mcp_envelope *envelope, const struct mcp_request *request);

/* What hears of an exchange, and how long that may be silent. A constant. */
struct mcp_ear {
	struct courier_handlers handlers;
	uint64_t patience_ns;
};

/* One of "content-type" and "mcp-session-id" of an answer, which may come in any order; or NULL. */
const char *mcp_head_value(const struct courier_head *head, const char *name);

struct courier_call *mcp_envelope_send(struct mcp_client *client, const char *method,
				       const struct mcp_envelope *envelope, const char *body,
				       const struct mcp_ear *ear, void *data);
