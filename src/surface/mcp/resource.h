/* Resources of a host: what a tool would say, under a name of its own. */
#pragma once

#include "base/json.h"

/* Those and their templates whose tool the catalogue has. New references. */
json_t *mcp_list_resources(const json_t *catalogue);
json_t *mcp_list_templates(const json_t *catalogue);

/* The call that reads it: a tool, and arguments as a new reference; NULL: there is no such one. */
const char *mcp_find_resource(const char *uri, json_t **args_out);
