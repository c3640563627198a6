/*
 * What an MCP server of others asks of a person in the middle of a call (elicitation): its
 * question as it may be shown, and whether what was entered answers it.
 *
 * The question is the words of strangers for people, never for a model. What people would not see
 * is shown as '?', long words are cut. A form is flat, as the protocol has it: text, numbers, yes
 * or no, one or some of given words. What is anything else is no form, and nobody is asked. A URL
 * is https, without a user; it is shown with its host, and opened by whoever reads it, or not.
 */
#pragma once

#include "base/json.h"

#define FORM_MESSAGE_BYTES 1000
#define FORM_MAX_FIELDS 20
#define FORM_MAX_OPTIONS 64
#define FORM_WORDS_BYTES 300      /* of a title, a description, an option */
#define FORM_NAME_BYTES 65        /* of a field: letters, digits, '_', '-', '.' */
#define FORM_TEXT_CHARS 4096      /* that may be entered in one */
#define FORM_MAX_BYTES (16 * KIB) /* of all that is entered */

/*
 * From the params of elicitation/create, a new reference: {"mode": "url", "message", "url", "host"}
 * or {"mode": "form", "message", "fields": [{"name", "type", "required", "title"?, "description"?,
 * "format"?, "min"?, "max"?, "default"?, "options"?: [{"value", "title"?}]}]}. "type" is text,
 * number, integer, boolean, choice or choices; "min" and "max" are of the number, of the characters
 * of a text, of how many choices. A default that does not fit, or cannot be shown as it is, is left
 * out. NULL with 'err' that repeats nothing of it: -EBADMSG.
 */
json_t *form_take(const json_t *params, struct error *err);

/* The defaults that were shown, for what was not entered. */
void form_fill(const json_t *form, json_t *content);

/* Text of strangers as people may see it: cut, '?' for what they would not see. A new reference. */
json_t *form_shown(const char *text, size_t max);

/* Whether an object answers a form; -EINVAL names the field, and repeats nothing that was entered.
 */
int form_check(const json_t *form, const json_t *content, struct error *err) MUST_CHECK;
