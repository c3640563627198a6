/*
 * The report: what was found, and the proof of each claim.
 *
 * A claim is one finding that holds: {"says", "evidence", "quote", "proven"}.
 * The quote is what stands at the finding's path, and is looked up byte for byte
 * in the ledger; a claim whose quote is not there is marked and does not count:
 * a cause that needs it is not named.
 */
#pragma once

#include "investigation/investigation.h"

/* Everything but "elapsed_ms". A new reference. */
json_t *report_new(const struct investigation *investigation);

/* What the ledger could not be told: [{"what", "why", "evidence"}]. */
json_t *report_unknowns(const struct ledger *ledger);

/* The text of a report; probabilities have three places. Heap text. */
char *report_format(const json_t *report);
