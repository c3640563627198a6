/*
 * Numbers for people. Members of results carry their unit in their name; this
 * turns it into words: "used_percent" 42.4 is "42 %", "free_bytes" is "1.5 GiB".
 */
#pragma once

#include "base/json.h"

#define AMOUNT_TEXT_BYTES 48

/* Any scalar; text is cut to what fits. Returns 'text'. */
const char *amount_format(const char *key, const json_t *value, char text[AMOUNT_TEXT_BYTES]);

/* "1.5 GiB"; returns 'text'. */
const char *amount_bytes(double n_bytes, char text[AMOUNT_TEXT_BYTES]);

bool amount_has_unit(const char *key, const char *suffix);
