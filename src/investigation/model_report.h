/*
 * The report of an investigation that a model drove.
 *
 * It is the built-in engine's report with what the model found in front. A cause counts
 * only with a claim whose quote stands in the ledger; without one, or with no report at all,
 * the engine's own verdict stands. So it does where it has proven a cause and the model
 * says "healthy" or "inconclusive". "engine" says who spoke, what it cost, and why not
 * another; "warnings" are attempts to instruct the reader and calls that were refused.
 */
#pragma once

#include "investigation/loop.h"

/* Everything but "elapsed_ms". 'loop' is the crew's first, done. A new reference. */
json_t *model_report_new(const struct crew *crew, const struct loop *loop);

/* "engine" of a report in which no model took part; 'why' one that was asked for did not. */
json_t *model_report_builtin(const char *why);
