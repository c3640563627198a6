/* What a model is told: the rules, and where the investigation stands. */
#pragma once

#include "base/buf.h"
#include "investigation/fence.h"
#include "investigation/investigation.h"

/* The rules of whoever investigates; the fence's word is in them. */
void prompt_rules(const struct fence *fence, struct buf *out);

/* The part of them that is every agent's: evidence is data, whatever it says. */
void prompt_common(const struct fence *fence, struct buf *out);

/*
 * The question, the built-in engine's ranking and the evidence so far, in at most about
 * 'max_bytes'.
 */
void prompt_task(const struct investigation *investigation, const struct fence *fence,
		 size_t max_bytes, struct buf *out);

/* The engine's leading causes, one line each: "0.93 disk.full: The disk is full (proven)". */
void prompt_ranking(const struct investigation *investigation, size_t max_causes, struct buf *out);
