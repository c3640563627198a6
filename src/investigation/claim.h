/* Claims: findings that hold, with the quotes that prove them. */
#pragma once

#include "investigation/investigation.h"

/* Longest quote; a longer value is quoted from its beginning. */
#define CLAIM_QUOTE_MAX_BYTES 320

/* One claim for each match of one finding of a cause. */
json_t *claims_of_finding(const struct investigation *investigation, const struct cause *cause,
			  size_t finding);

/* Claims for a cause (positive weight and holding), and against it. */
json_t *claims_for(const struct investigation *investigation, const struct cause *cause);
json_t *claims_against(const struct investigation *investigation, const struct cause *cause);

/* Whether everything the cause requires is proven by a quote. */
bool claims_prove(const struct investigation *investigation, const struct cause *cause);
