#include "diagnosis/diagnosis.h"

#include <stdlib.h>
#include <string.h>

#include "diagnosis/diagnosis_internal.h"

struct diagnosis *diagnosis_new(struct predicates *predicates, const json_t *asked)
{
	const struct knowledge *knowledge = predicates_knowledge(predicates);
	struct diagnosis *diagnosis = calloc(1, sizeof(*diagnosis));

	if (!diagnosis)
		abort();
	diagnosis->knowledge = knowledge;
	diagnosis->asked = asked;
	diagnosis->predicates = predicates;
	diagnosis->all = json_object();
	diagnosis->given = json_object();
	diagnosis->observations = calloc(knowledge->n_findings, sizeof(struct observation));
	diagnosis->hypotheses = calloc(knowledge->n_causes, sizeof(struct hypothesis));
	if (!diagnosis->observations || !diagnosis->hypotheses)
		abort();
	return diagnosis;
}

void diagnosis_free(struct diagnosis *diagnosis)
{
	if (!diagnosis)
		return;
	for (size_t i = 0; i < diagnosis->knowledge->n_findings; i++)
		json_decref(diagnosis->observations[i].matches);
	free(diagnosis->observations);
	free(diagnosis->hypotheses);
	json_decref(diagnosis->all);
	json_decref(diagnosis->given);
	free(diagnosis);
}

void diagnosis_cleanup(struct diagnosis **diagnosis)
{
	diagnosis_free(*diagnosis);
}

int diagnosis_prepare(struct diagnosis *diagnosis, const char *const *tools, size_t n,
		      struct error *err)
{
	return predicates_prepare(diagnosis->predicates, tools, n, err);
}

void diagnosis_learn(struct diagnosis *diagnosis, const struct fact *fact)
{
	if (diagnosis->n_facts == DIAGNOSIS_MAX_FACTS)
		return;
	diagnosis->facts[diagnosis->n_facts++] = *fact;

	/* A tool asked twice: the first answer is the one about the whole host. */
	if (fact->result && !json_object_get(diagnosis->all, fact->tool) &&
	    json_object_set(diagnosis->all, fact->tool, (json_t *)fact->result) < 0)
		abort();
}

static struct observation *observation_of(struct diagnosis *diagnosis, const json_t *tried)
{
	return &diagnosis->observations[json_integer_value(json_array_get(tried, 0))];
}

static void observe_match(struct observation *observation, const json_t *match, size_t fact)
{
	observation->state = FINDING_HOLDS;
	if (json_array_size(observation->matches) < PREDICATE_MAX_MATCHES)
		json_push(observation->matches,
			  json_pack("{s:I, s:O, s:O, s:O}", "fact", (json_int_t)fact, "path",
				    json_array_get(match, 0), "says", json_array_get(match, 1),
				    "values", json_array_get(match, 2)));
}

static struct predicates_input input_of(const struct diagnosis *diagnosis, size_t fact)
{
	return (struct predicates_input) {
		.tool = diagnosis->facts[fact].tool,
		.args = diagnosis->facts[fact].args,
		.result = diagnosis->facts[fact].result,
		.scope = fact < diagnosis->n_judged ? PREDICATES_CROSS : PREDICATES_ALL,
	};
}

/* Returns where its findings hold, and notes that they were tried. */
static json_t *try_findings(struct diagnosis *diagnosis, size_t fact)
{
	struct predicates_input input = input_of(diagnosis, fact);
	json_t *found, *tried;
	size_t i;

	if (!input.result)
		return json_array();
	found = predicates_run(diagnosis->predicates, &input);
	json_array_foreach(found, i, tried)
	{
		struct observation *observation = observation_of(diagnosis, tried);

		if (observation->state == FINDING_UNREAD)
			observation->state = FINDING_ABSENT;
		if (!observation->matches)
			observation->matches = json_array();
	}
	return found;
}

static void observe(struct diagnosis *diagnosis, size_t fact, const json_t *found)
{
	struct predicates_input input = input_of(diagnosis, fact);
	CLEANUP(json) json_t *told = predicates_tell(diagnosis->predicates, &input, found);
	const json_t *of_finding, *match;
	size_t i, k;

	json_array_foreach(told, i, of_finding)
	{
		json_array_foreach(json_array_get(of_finding, 1), k, match)
		{
			observe_match(observation_of(diagnosis, of_finding), match, fact);
		}
	}
}

/*
 * What looks at other tools' results is looked at again with each round, from
 * the start: what held without them may not hold with them.
 */
static void forget_cross(struct diagnosis *diagnosis)
{
	const struct knowledge *knowledge = diagnosis->knowledge;

	for (size_t c = 0; c < knowledge->n_causes; c++) {
		const struct cause *cause = &knowledge->causes[c];

		for (size_t f = 0; f < cause->n_findings; f++) {
			struct observation *observation =
				&diagnosis->observations[cause->first + f];

			if (!predicates_is_cross(&cause->findings[f]))
				continue;
			observation->state = FINDING_UNREAD;
			if (observation->matches)
				json_array_clear(observation->matches);
		}
	}
}

int diagnosis_judge(struct diagnosis *diagnosis, struct error *err)
{
	CLEANUP(json) json_t *found = json_array(); /* of each fact */
	int r;

	predicates_see(diagnosis->predicates, diagnosis->all, diagnosis->asked);
	forget_cross(diagnosis);
	for (size_t fact = 0; fact < diagnosis->n_facts; fact++)
		json_push(found, try_findings(diagnosis, fact));
	r = predicates_prepare_words(diagnosis->predicates, found, err);
	if (r < 0)
		return r;
	for (size_t fact = 0; fact < diagnosis->n_facts; fact++)
		observe(diagnosis, fact, json_array_get(found, fact));
	diagnosis->n_judged = diagnosis->n_facts;
	diagnosis->n_rounds++;
	json_decref(diagnosis->given);
	diagnosis->given = subjects_given(diagnosis->asked, diagnosis->all);
	ranking_update(diagnosis);
	return 0;
}

const struct hypothesis *diagnosis_ranked(const struct diagnosis *diagnosis, size_t *n_out)
{
	*n_out = diagnosis->n_hypotheses;
	return diagnosis->hypotheses;
}

enum finding_state diagnosis_finding(const struct diagnosis *diagnosis, const struct cause *cause,
				     size_t finding)
{
	return diagnosis->observations[cause->first + finding].state;
}

const json_t *diagnosis_matches(const struct diagnosis *diagnosis, const struct cause *cause,
				size_t finding)
{
	return diagnosis->observations[cause->first + finding].matches;
}
