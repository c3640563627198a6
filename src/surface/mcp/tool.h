/* A tool as MCP describes it. */
#pragma once

#include "base/json.h"

/* From an entry of the warden's catalogue: a new reference. */
json_t *mcp_describe_tool(const json_t *tool);
