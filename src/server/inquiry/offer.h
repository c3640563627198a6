/*
 * What a model is told of a tool of an MCP server of others.
 *
 * Name, description and schema are the words of strangers, who may have written them to lead a
 * model. So it is told little of them, and as what they are: what people would not see is shown as
 * '?', long words are cut, a text that looks like instructions is left out, and of a schema only
 * what our own check of arguments knows is kept (call/schema.h). What the tool may do is decided
 * elsewhere.
 */
#pragma once

#include "base/json.h"

#define OFFER_NAME_BYTES 65 /* of what every provider takes: letters, digits, '_' and '-' */
#define OFFER_PREFIX "mcp__"
#define OFFER_DESCRIPTION_BYTES 800
#define OFFER_WORDS_BYTES 160 /* of what a schema says of one argument */

/* Whether it names a tool of such a server. */
bool offer_is_name(const char *tool);

/* "mcp__SERVER__TOOL"; with a piece of a hash where that is too long, or has other letters. */
void offer_name(const char *server, const char *tool, char name[OFFER_NAME_BYTES]);

/*
 * {"name", "summary", "schema", "risk", "foreign": true}, as a start has its tools; 'risk' is
 * "reads" for what runs at once, "changes" for what a person has to approve. 'tool' is an item of a
 * listing (mcp_client/listing.h). A new reference.
 */
json_t *offer_new(const char *server, const json_t *tool, const char *risk);
