/* SHA-256 as lower-case hex: how evidence, arguments and audit lines are named. */
#pragma once

#include "base/json.h"

#define HASH_TEXT_BYTES 65

/* NUL-terminated; returns 'text'. */
const char *hash_text(const void *data, size_t len, char text[HASH_TEXT_BYTES]);

/* Of the canonical form, as a JSON text. */
json_t *hash_json(const json_t *value);
