/*
 * Tool calls that a small model wrote as text instead of calling.
 *
 * Found are JSON objects with a name and arguments (OpenAI's, Hermes', Llama's and
 * Mistral's spelling: "name"/"function"/"tool"/"action", "arguments"/"parameters"/
 * "args"/"input"/"action_input"), bare or in code fences, <tool_call>, <function=NAME>,
 * [TOOL_CALLS] and like tags, lists of them, and calls written as Python
 * does. JSON is read with the mistakes such models make: single or typographic quotes,
 * no quotes around keys, trailing commas, comments, True/None, control characters in
 * strings, missing brackets at the end. A call counts only if its tool is offered.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

#define SALVAGE_MAX_BYTES (64 * KIB)
#define SALVAGE_MAX_CALLS 8
#define SALVAGE_MAX_DEPTH 32

/*
 * The calls in a text: [{"name", "args": {}}], empty if there is none; a new reference.
 * 'tools' is [{"name", ...}]. What is not part of a call is appended to 'rest_out'.
 */
json_t *salvage_calls(struct str text, const json_t *tools, struct buf *rest_out);

/*
 * A value read leniently from the front of a text; moves it past what was read. A new
 * reference, or NULL if nothing was made of it.
 */
json_t *salvage_json(struct str *text);
