/*
 * Headers of requests of 2026-07-28: what a body says, mirrored so that proxies need not read it.
 * A value that no header can carry is written "=?base64?...?=" (SEP-2243).
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define MCP_MAX_PARAM_HEADERS 16 /* of one tool; a tool that wants more is left out */
#define MCP_HEADER_NAME_BYTES 64

/* Appends the value as a header can carry it. */
void mcp_header_add(struct str value, struct buf *out);

/*
 * Whether the places that a schema marks with "x-mcp-header" can be mirrored: properties that are
 * reached through properties alone, of type string, integer or boolean, their names tokens of
 * RFC 9110 that differ in more than case. -EINVAL with what is wrong.
 */
int mcp_header_check(const json_t *schema, struct error *err) MUST_CHECK;

/* Calls 'put' for each marked argument that is there and not null; of a checked schema. */
void mcp_header_each(const json_t *schema, const json_t *args,
		     void (*put)(const char *name, struct str value, void *data), void *data);
