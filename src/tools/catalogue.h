/*
 * The catalogue: every tool, by job executable.
 *
 * Each job executable links one of the tables below and nothing else of tools/.
 * 'catalogue' is what all of them print about themselves when the tree is built
 * (see src/tools/meson.build): const data for the gate, the CLI and the surfaces.
 */
#pragma once

#include "call/tool.h"

/* NULL-terminated; exactly one is linked into each job executable. */
extern const struct tool *const tools_of_this_job[];

/* Ends with a NULL name. Sorted by name. */
extern const struct tool_info catalogue[];

const struct tool_info *catalogue_find(const struct tool_info *infos, const char *name);

#define CATALOGUE_MAX_BYTES (4 * MIB)

/*
 * What /api/v1/tools, MCP tools/list and `constable tools --json` print: an array of {name,
 * summary, risk, needs, timeout_ms, target, schema, area, output_schema, plan?}. NULL where a
 * schema of a table is not JSON, which none of the printed catalogue is.
 */
json_t *catalogue_json(const struct tool_info *infos);
/* The same as text, without a tree of it. */
void catalogue_write(const struct tool_info *infos, struct buf *out);
