/* Prompts: skills, which a client's person can ask for by name (prompts/get). */
#pragma once

#include "surface/mcp/offer.h"

/* Ends the call with the text of the skill that it names, and its question. 'texts': {name: text}.
 */
void mcp_prompt_answer(struct mcp_call *call, const json_t *texts);
