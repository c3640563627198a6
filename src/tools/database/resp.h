/*
 * Redis's protocol (RESP 2 and 3), as far as answers need it: one value as
 * JSON. Errors become {"error": text}; maps become arrays of pairs in order.
 */
#pragma once

#include "base/json.h"

#define RESP_MAX_DEPTH 8
#define RESP_MAX_ITEMS 4096
#define RESP_MAX_BYTES (2 * MIB)

enum resp_answer {
	RESP_DONE,
	RESP_MORE, /* the value is not complete yet */
	RESP_BAD,  /* no RESP, or beyond the limits */
};

/* Parses one value; on RESP_DONE a new reference and how many bytes it took. */
enum resp_answer resp_parse(const char *bytes, size_t len, json_t **value_out, size_t *used_out);
