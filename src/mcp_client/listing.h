/*
 * The tools of a server, page by page: tools/list to its end.
 *
 * What a server says of its tools is text of strangers, which may be written to lead a model; the
 * annotations (readOnlyHint and the like) are claims, which nothing here looks at. 'sha256' is of
 * everything that a model would read: who allowed a tool allowed that, and no other.
 */
#pragma once

#include "mcp_client/client.h"

#define MCP_LISTING_MAX_TOOLS 256
#define MCP_LISTING_MAX_PAGES 64
#define MCP_TOOL_NAME_MAX_BYTES 128 /* of letters, digits, '_', '-' and '.' */
#define MCP_TOOL_DESCRIPTION_MAX_BYTES (8 * KIB)
#define MCP_TOOL_SCHEMA_MAX_BYTES (32 * KIB)

/* The SHA-256 of its name, title, description and inputSchema, as canonical JSON. */
#define MCP_TOOL_HASH_BYTES 65

/*
 * One page, a result of tools/list: appends to 'tools' ({"name", "title"?, "description", "schema",
 * "sha256"}), and what is none, or is too large, to 'left_out' ({"name", "why"}). -EBADMSG for what
 * is no page, -E2BIG for too many tools.
 */
int mcp_listing_take(const json_t *page, json_t *tools, json_t *left_out,
		     struct error *err) MUST_CHECK;

/* 'tools' sorted by name and 'left_out', borrowed; or 'err'. */
typedef void mcp_listed(const json_t *tools, const json_t *left_out, const struct error *err,
			void *data);

struct mcp_listing;

/* 'done' once, from the loop. Never NULL; it ends with 'done', or with mcp_listing_cancel(). */
struct mcp_listing *mcp_listing_start(struct mcp_client *client, uint64_t total_ns,
				      mcp_listed *done, void *data);
void mcp_listing_cancel(struct mcp_listing *listing);
