/* The skills of a folder, as MCP offers them. */
#pragma once

#include "base/json.h"

/* [{"name", "description", "text"}]: a new reference, or NULL with 'err'. */
json_t *skill_texts(const char *folder, struct error *err);
