/*
 * The start: what a parent tells an investigator over the channel.
 *
 * {"question", "host", "window": {"since_s"}, "options": {"thorough"}, "tools": [{name, risk,
 * ...}], "evidence": [items of a case with "earlier"], "last_earlier": number, "turns":
 * [{"question", "report"}], "engine", "models", "budget", "conversation"}. All but the question
 * and the tools may be missing. "turns" are the earlier questions of the conversation, oldest
 * first, for a model; the last four are of model/model.h, budget.h and driven.h.
 */
#pragma once

#include "investigation/investigation.h"

/* Borrows from 'start'. Fills 'investigation' but for who knows and who answers. */
void start_read(const json_t *start, struct investigation *investigation);

/* {name: true}: only what reads; the engine proposes changes, it never makes them. */
json_t *start_tools(const json_t *start);
