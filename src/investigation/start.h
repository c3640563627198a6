/*
 * The start: what a parent tells an investigator over the channel.
 *
 * {"question", "host", "window": {"since_s", "waited_s"}, "options": {"thorough"}, "tools": [{name,
 * risk, ...; "foreign": true of a server that is not ours}], "evidence": [items of a case with
 * "earlier"], "last_earlier": number, "turns":
 * [{"question", "report"}], "engine", "models", "budget", "conversation", "skills", "remedy"}. All
 * but the question and the tools may be missing. "turns" are the earlier questions of the
 * conversation, oldest first, for a model; the last five are of model/model.h, budget.h and
 * driven.h. "remedy" is one of remedy_of(), for the built-in engine: it makes it before it reads
 * anything, and "waited_s" is how long people have been waited for since the cause was proven.
 */
#pragma once

#include "investigation/investigation.h"

/* Borrows from 'start'. Fills 'investigation' but for who knows and who answers. */
void start_read(const json_t *start, struct investigation *investigation);

/* {name: true}: what reads or traces; the engine proposes changes, it never makes them. */
json_t *start_tools(const json_t *start);
