#include "investigation/budget.h"

#define MAX_CALLS 60
#define MAX_ROUNDS 100
#define MAX_TOKENS 100000000
#define MAX_COST 1000
#define MAX_TIME_S 86400
#define CACHED_SHARE 10

static int64_t bounded(const json_t *wanted, const char *key, int64_t otherwise, int64_t max)
{
	int64_t value = json_get_int(wanted, key, otherwise);

	return value < 0 ? 0 : value > max ? max : value;
}

void budget_init(struct budget *budget, const json_t *wanted, uint64_t now_ns)
{
	double cost = json_get_number(wanted, "cost", BUDGET_COST);
	int64_t time_s = bounded(wanted, "time_s", BUDGET_TIME_NS / NS_PER_SEC, MAX_TIME_S);
	int64_t person_s = bounded(wanted, "person_s", BUDGET_PERSON_NS / NS_PER_SEC, MAX_TIME_S);

	*budget = (struct budget) {
		.max_calls = (unsigned)bounded(wanted, "calls", BUDGET_CALLS, MAX_CALLS),
		.max_rounds = (unsigned)bounded(wanted, "rounds", BUDGET_ROUNDS, MAX_ROUNDS),
		.max_tokens = (uint64_t)bounded(wanted, "tokens", BUDGET_TOKENS, MAX_TOKENS),
		.max_cost = cost >= 0 && cost <= MAX_COST ? cost : BUDGET_COST,
		.person_ns = (uint64_t)person_s * NS_PER_SEC,
		.deadline_ns = now_ns + (uint64_t)time_s * NS_PER_SEC,
	};
}

uint64_t budget_extend(struct budget *budget, uint64_t waited_ns)
{
	uint64_t before_ns = budget->deadline_ns, left_ns = BUDGET_PERSONS_NS - budget->persons_ns;

	if (waited_ns > left_ns)
		waited_ns = left_ns;
	budget->persons_ns += waited_ns;
	budget->deadline_ns += waited_ns;
	return before_ns;
}

void budget_spend(struct budget *budget, const struct model *model, const struct usage *usage)
{
	uint64_t fresh = usage->input > usage->cached ? usage->input - usage->cached : 0;

	budget->n_tokens += fresh + usage->cached / CACHED_SHARE + usage->output;
	budget->cost += model_cost(model, usage);
}

const char *budget_end(const struct budget *budget, uint64_t now_ns)
{
	if (now_ns >= budget->deadline_ns)
		return "the time is over";
	if (budget->n_rounds >= budget->max_rounds)
		return "the rounds are used up";
	if (budget->n_tokens >= budget->max_tokens)
		return "the tokens are used up";
	if (budget->cost >= budget->max_cost)
		return "the money is used up";
	return *budget->why_over ? budget->why_over : NULL;
}

json_t *budget_json(const struct budget *budget)
{
	return json_pack("{s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:f}", "calls",
			 (json_int_t)budget->n_calls, "rounds", (json_int_t)budget->n_rounds,
			 "tokens", (json_int_t)budget->n_tokens, "cost", budget->cost, "max_calls",
			 (json_int_t)budget->max_calls, "max_rounds",
			 (json_int_t)budget->max_rounds, "max_tokens",
			 (json_int_t)budget->max_tokens, "max_cost", budget->max_cost);
}
