/* SHA-256 as lower-case hex: how evidence, arguments and audit lines are named. */
#pragma once

#include "base/base.h"

#define HASH_TEXT_BYTES 65

/* NUL-terminated; returns 'text'. */
const char *hash_text(const void *data, size_t len, char text[HASH_TEXT_BYTES]);
