/* What a model-driven investigation may spend, and what it has spent; shared by its loops. */
#pragma once

#include "investigation/model/model.h"

#define BUDGET_CALLS 30
#define BUDGET_WHY_BYTES 128
#define BUDGET_ROUNDS 24
#define BUDGET_TOKENS 400000
#define BUDGET_COST 5.0 /* dollars */
#define BUDGET_PERSON_NS (300 * NS_PER_SEC)
#define BUDGET_TIME_NS (600 * NS_PER_SEC)

struct budget {
	unsigned max_calls, max_rounds;
	uint64_t max_tokens; /* in and out; what a cache gave counts a tenth */
	double max_cost;
	uint64_t deadline_ns; /* monotonic */
	uint64_t persons_ns;  /* that people were waited for */
	uint64_t person_ns;   /* that one answer is waited for */

	unsigned n_calls, n_rounds;
	uint64_t n_tokens;
	double cost;
	char why_over[BUDGET_WHY_BYTES]; /* others have used what was left; "": they have not */
};

/* From "budget" of a start message {calls, rounds, tokens, cost, time_s, person_s}; the rest is
 * default. */
void budget_init(struct budget *budget, const json_t *wanted, uint64_t now_ns);

/*
 * People were waited for so long: that is no time of the investigation, up to BUDGET_PERSONS_NS in
 * all. Returns the deadline before.
 */
#define BUDGET_PERSONS_NS (1800 * NS_PER_SEC)
uint64_t budget_extend(struct budget *budget, uint64_t waited_ns);

void budget_spend(struct budget *budget, const struct model *model, const struct usage *usage);

/* Why no more may be spent, or NULL. */
const char *budget_end(const struct budget *budget, uint64_t now_ns);

/* {"calls", "rounds", "tokens", "cost", "max_..."}: for events and the report. */
json_t *budget_json(const struct budget *budget);
