/*
 * What to ask next: the calls whose answers are expected to tell most about the
 * causes that are still open, per cost.
 *
 * The two weights of a finding are the logarithms of its likelihood ratios, so
 * they also say how probable it is that it holds, with the cause and without.
 * From that follows by how much a call is expected to lower the entropy of
 * "this is so or not" of each cause, summed over them: causes do not exclude
 * each other, and a loud one must not keep us from looking at a quiet one that
 * the question is about.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis/diagnosis_internal.h"

/*
 * A call that tells less than this (nats per cost) is not worth a job. It is
 * doubled with each round after the second: whoever finds nothing stops looking.
 */
#define GAIN_MIN 0.03

/* Absence of a finding without a weight against it still tells a little. */
#define AGAINST_MIN 0.05

/* What could explain the leader is asked before it is named. */
#define GAIN_UPSTREAM 10.0

/* Of a cause that is so with this probability, or not. */
static double entropy(double probability)
{
	if (probability <= 0 || probability >= 1)
		return 0;
	return -probability * log(probability) - (1 - probability) * log(1 - probability);
}

/* The probability once its odds are multiplied by e^shift. */
static double shifted(double probability, double shift)
{
	double odds = probability * exp(shift);

	return odds / (odds + 1 - probability);
}

static double finding_gain(double probability, const struct finding *finding)
{
	double weight = fmax(fabs(finding->weight), AGAINST_MIN);
	double against = fmax(finding->against, AGAINST_MIN);
	double without = (1 - exp(-against)) / (exp(weight) - exp(-against));
	double with = without * exp(weight);
	double holds = probability * with + (1 - probability) * without;
	double after = holds * entropy(shifted(probability, weight)) +
		       (1 - holds) * entropy(shifted(probability, -against));

	return fmax(entropy(probability) - after, 0);
}

static bool is_asked(const struct diagnosis *diagnosis, const char *tool, const json_t *args)
{
	for (size_t i = 0; i < diagnosis->n_facts; i++)
		if (strcmp(diagnosis->facts[i].tool, tool) == 0 &&
		    (!json_object_size(args) || json_equal(diagnosis->facts[i].args, args)))
			return true;
	return false;
}

/* The one entry for this call in the list of candidates. */
static json_t *find_candidate(json_t *candidates, const char *tool, const json_t *args)
{
	json_t *candidate;
	size_t i;

	json_array_foreach(candidates, i,
			   candidate) if (strcmp(json_get_text(candidate, "tool", ""), tool) == 0 &&
					  json_equal(json_object_get(candidate, "args"),
						     args)) return candidate;
	candidate = json_pack("{s:s, s:O, s:f}", "tool", tool, "args", args, "gain", 0.0);
	if (!candidate)
		abort();
	json_push(candidates, candidate);
	return candidate;
}

static bool is_upstream_of(const struct cause *cause, const struct hypothesis *leader)
{
	const json_t *id;
	size_t i;

	json_array_foreach(cause->explains, i,
			   id) if (leader && strcmp(json_string_value(id), leader->cause->id) ==
						     0) return true;
	return false;
}

/* What a call of this tool would tell about one hypothesis. */
static double call_gain(const struct diagnosis *diagnosis, const struct hypothesis *hypothesis,
			const char *tool)
{
	const struct cause *cause = hypothesis->cause;
	double probability = 1 / (1 + exp(-hypothesis->score));
	double gain = 0;

	for (size_t f = 0; f < cause->n_findings; f++)
		if (strcmp(cause->findings[f].tool, tool) == 0 &&
		    diagnosis_finding(diagnosis, cause, f) != FINDING_HOLDS)
			gain += finding_gain(probability, &cause->findings[f]);
	if (gain > 0 && hypothesis->standing == CAUSE_OPEN &&
	    is_upstream_of(cause, diagnosis_leader(diagnosis)))
		gain += GAIN_UPSTREAM;
	return gain;
}

static void propose(const struct diagnosis *diagnosis, const struct hypothesis *hypothesis,
		    const struct inquiry *inquiry, enum diligence diligence, json_t *candidates)
{
	CLEANUP(json) json_t *args = diagnosis_fill(diagnosis, hypothesis->cause, inquiry->args);
	double gain;
	json_t *candidate;

	if (!args || is_asked(diagnosis, inquiry->tool, args))
		return;
	gain = call_gain(diagnosis, hypothesis, inquiry->tool);
	if (gain <= 0 && diligence == DILIGENCE_FRUGAL)
		return;
	candidate = find_candidate(candidates, inquiry->tool, args);
	gain += json_get_number(candidate, "gain", 0);
	json_put(candidate, "gain", json_real(gain));
}

static bool has_inquiry(const struct cause *cause, const char *tool)
{
	for (size_t i = 0; i < cause->n_inquiries; i++)
		if (strcmp(cause->inquiries[i].tool, tool) == 0)
			return true;
	return false;
}

static bool is_first_of_tool(const struct cause *cause, size_t f)
{
	for (size_t before = 0; before < f; before++)
		if (strcmp(cause->findings[before].tool, cause->findings[f].tool) == 0)
			return false;
	return true;
}

/* Its own inquiries, and each tool of a finding that has none, without arguments. */
static void propose_all(const struct diagnosis *diagnosis, const struct hypothesis *hypothesis,
			const json_t *available, enum diligence diligence, json_t *candidates)
{
	const struct cause *cause = hypothesis->cause;

	for (size_t i = 0; i < cause->n_inquiries; i++)
		if (json_object_get(available, cause->inquiries[i].tool))
			propose(diagnosis, hypothesis, &cause->inquiries[i], diligence, candidates);
	for (size_t f = 0; f < cause->n_findings; f++) {
		struct inquiry plain = { .tool = cause->findings[f].tool };

		if (is_first_of_tool(cause, f) && !has_inquiry(cause, plain.tool) &&
		    json_object_get(available, plain.tool))
			propose(diagnosis, hypothesis, &plain, diligence, candidates);
	}
}

static int compare(const void *left, const void *right)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	double gain_a = json_get_number(a, "gain", 0), gain_b = json_get_number(b, "gain", 0);
	CLEANUP(text) char *args_a = NULL;
	CLEANUP(text) char *args_b = NULL;
	int order;

	if (gain_a != gain_b)
		return gain_a < gain_b ? 1 : -1;
	order = strcmp(json_get_text(a, "tool", ""), json_get_text(b, "tool", ""));
	if (order)
		return order;
	args_a = json_canonical(json_object_get(a, "args"));
	args_b = json_canonical(json_object_get(b, "args"));
	return strcmp(args_a, args_b);
}

static double least_gain(const struct diagnosis *diagnosis, enum diligence diligence)
{
	double least = GAIN_MIN;

	if (diligence == DILIGENCE_THOROUGH)
		return 0;
	for (unsigned round = 2; round <= diagnosis->n_rounds; round++)
		least *= 2;
	return least;
}

static json_t *best_of(const struct diagnosis *diagnosis, const json_t *candidates, size_t max,
		       double least)
{
	size_t n = json_array_size(candidates);
	json_t **sorted = calloc(n + 1, sizeof(*sorted));
	json_t *best = json_array();

	if (!sorted || !best)
		abort();
	for (size_t i = 0; i < n; i++) {
		json_t *candidate = json_array_get(candidates, i);
		const char *tool = json_get_text(candidate, "tool", "");
		double gain = json_get_number(candidate, "gain", 0);

		json_put(candidate, "gain",
			 json_real(gain / knowledge_cost(diagnosis->knowledge, tool)));
		sorted[i] = candidate;
	}
	qsort(sorted, n, sizeof(*sorted), compare);
	for (size_t i = 0; i < n && i < max; i++)
		if (json_get_number(sorted[i], "gain", 0) >= least)
			json_push(best, json_incref(sorted[i]));
	free(sorted);
	return best;
}

/* What would illustrate the leader: its own calls that were not asked. */
static json_t *illustrations(const struct diagnosis *diagnosis, const json_t *available)
{
	const struct hypothesis *leader = diagnosis_leader(diagnosis);
	json_t *calls = json_array();

	for (size_t i = 0; leader && i < leader->cause->n_inquiries; i++) {
		const struct inquiry *inquiry = &leader->cause->inquiries[i];
		CLEANUP(json)
		json_t *args = diagnosis_fill(diagnosis, leader->cause, inquiry->args);

		if (args && json_object_get(available, inquiry->tool) &&
		    !is_asked(diagnosis, inquiry->tool, args))
			json_push(calls, json_pack("{s:s, s:O, s:f}", "tool", inquiry->tool, "args",
						   args, "gain", 0.0));
	}
	return calls;
}

json_t *diagnosis_next(const struct diagnosis *diagnosis, const json_t *available,
		       enum diligence diligence, size_t max)
{
	CLEANUP(json) json_t *candidates = json_array();
	CLEANUP(json) json_t *best = NULL;

	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		if (diligence == DILIGENCE_THOROUGH ||
		    ranking_is_worth_asking(diagnosis, &diagnosis->hypotheses[i]))
			propose_all(diagnosis, &diagnosis->hypotheses[i], available, diligence,
				    candidates);
	best = best_of(diagnosis, candidates, max, least_gain(diagnosis, diligence));
	return json_array_size(best) || !max ? TAKE(best) : illustrations(diagnosis, available);
}
