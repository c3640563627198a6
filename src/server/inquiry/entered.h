/*
 * What people entered for an MCP server of others, to be known again in what that server says from
 * then on: an array of texts, in each writing in which it may come back.
 */
#pragma once

#include "base/json.h"

#define ENTERED_MIN_BYTES 4 /* what is shorter may stand in a result by chance */
#define ENTERED_MAX 512     /* texts of one server in a run */
#define ENTERED_STAND_IN "[entered by a person]"

/* Adds what a form was answered with, but for what is one of the server's own options. */
void entered_remember(json_t *texts, const json_t *form, const json_t *content);
/* Whether those of one more form fit. */
bool entered_has_room(const json_t *texts);

/* With the stand-in for each of them; heap text, or NULL: none is in it. */
char *entered_redact_text(const json_t *texts, const char *text);
/* The same of texts, numbers and names of members; a new reference. */
json_t *entered_redact(const json_t *texts, const json_t *value);
/*
 * form_take() of a question of that server, without them. -EBADMSG also where it repeats them in
 * what an answer goes by: an address, a field's name, an option.
 */
json_t *entered_form(const json_t *texts, const json_t *params, struct error *err);
