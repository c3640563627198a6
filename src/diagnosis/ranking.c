/* From observations to ranked hypotheses: naive Bayes with groups, and explaining away. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "diagnosis/diagnosis_internal.h"

/* What words may add: they steer, and no number of them outweighs one strong finding. */
#define WORD_BONUS 0.75
#define WORDS_BONUS_MAX 1.5

/*
 * Two faults at once are both true, and then the question says which one it is
 * about: among causes that are proven and believed anyway, words weigh more.
 */
#define RELEVANCE_BONUS 1.25
#define RELEVANCE_BONUS_MAX 3.75

/* What is ruled out or explained stays this far below. */
#define RULED_OUT_SCORE (-3.0)
#define EXPLAINED_BELOW 3.0

/* What could explain a believed cause is worth a look before that cause is named. */
#define UPSTREAM_BONUS 2.0

/* An open cause must be able to lead by this much to be worth asking about. */
#define MARGIN 0.5

/* The share of a finding in its group: only the strongest of a group counts. */
static double finding_score(const struct diagnosis *diagnosis, const struct cause *cause, size_t f)
{
	const struct finding *finding = &cause->findings[f];

	switch (diagnosis_finding(diagnosis, cause, f)) {
	case FINDING_HOLDS:
		return finding->weight;
	case FINDING_ABSENT:
		return -finding->against;
	default:
		return 0;
	}
}

static bool same_group(const struct finding *a, const struct finding *b)
{
	return a->group && b->group && strcmp(a->group, b->group) == 0;
}

/* Whether another of its group speaks instead: one that holds over one that does not. */
static bool is_outdone(const struct diagnosis *diagnosis, const struct cause *cause, size_t f)
{
	bool holds = diagnosis_finding(diagnosis, cause, f) == FINDING_HOLDS;
	double score = finding_score(diagnosis, cause, f);

	for (size_t other = 0; other < cause->n_findings; other++) {
		bool other_holds;
		double other_score;

		if (other == f || !same_group(&cause->findings[f], &cause->findings[other]))
			continue;
		other_holds = diagnosis_finding(diagnosis, cause, other) == FINDING_HOLDS;
		other_score = finding_score(diagnosis, cause, other);
		if (other_holds != holds) {
			if (other_holds)
				return true;
			continue;
		}
		if (fabs(other_score) > fabs(score) ||
		    (fabs(other_score) == fabs(score) && other < f))
			return true;
	}
	return false;
}

/* The best state among the findings that may satisfy a clause. */
static enum finding_state clause_state(const struct diagnosis *diagnosis, const struct cause *cause,
				       size_t clause)
{
	enum finding_state best = FINDING_ABSENT;

	for (size_t i = 0; i < cause->n_needed; i++) {
		enum finding_state state;

		if (cause->needed[i].clause != clause)
			continue;
		state = diagnosis_finding(diagnosis, cause, cause->needed[i].finding);
		if (state == FINDING_HOLDS)
			return state;
		if (state == FINDING_UNREAD)
			best = state;
	}
	return best;
}

static int standing(const struct diagnosis *diagnosis, const struct cause *cause)
{
	int result = CAUSE_PROVEN;

	for (size_t clause = 0; clause < cause->n_clauses; clause++)
		switch (clause_state(diagnosis, cause, clause)) {
		case FINDING_ABSENT:
			return CAUSE_RULED_OUT;
		case FINDING_UNREAD:
			result = CAUSE_OPEN;
			break;
		case FINDING_HOLDS:
			break;
		}
	return result;
}

static bool is_believed(const struct hypothesis *hypothesis)
{
	return hypothesis->standing == CAUSE_PROVEN && hypothesis->score >= DIAGNOSIS_BELIEVED;
}

static void score(const struct diagnosis *diagnosis, struct hypothesis *hypothesis)
{
	const struct cause *cause = hypothesis->cause;
	double words = (double)question_count_words(diagnosis->asked, cause->words);

	hypothesis->score =
		log(cause->prior / (1 - cause->prior)) + fmin(WORD_BONUS * words, WORDS_BONUS_MAX);
	for (size_t f = 0; f < cause->n_findings; f++)
		if (!is_outdone(diagnosis, cause, f))
			hypothesis->score += finding_score(diagnosis, cause, f);
	hypothesis->standing = standing(diagnosis, cause);
	if (hypothesis->standing == CAUSE_RULED_OUT)
		hypothesis->score = fmin(hypothesis->score, RULED_OUT_SCORE);
	if (is_believed(hypothesis))
		hypothesis->score += fmin(RELEVANCE_BONUS * words, RELEVANCE_BONUS_MAX);
}

static struct hypothesis *find(struct diagnosis *diagnosis, const char *id)
{
	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		if (strcmp(diagnosis->hypotheses[i].cause->id, id) == 0)
			return &diagnosis->hypotheses[i];
	return NULL;
}

/* Whether 'upstream' is itself, maybe over others, explained by 'cause'. */
static bool is_explained_by(struct diagnosis *diagnosis, const struct hypothesis *upstream,
			    const struct cause *cause)
{
	const struct hypothesis *at = upstream;

	for (size_t i = 0; at && at->explained_by && i < diagnosis->n_hypotheses; i++) {
		if (at->explained_by == cause)
			return true;
		at = find(diagnosis, at->explained_by->id);
	}
	return false;
}

static void explain(struct diagnosis *diagnosis, const struct hypothesis *upstream)
{
	const json_t *id;
	size_t i;

	json_array_foreach(upstream->cause->explains, i, id)
	{
		struct hypothesis *other = find(diagnosis, json_string_value(id));

		if (is_explained_by(diagnosis, upstream, other->cause) || other->explained_by)
			continue;
		other->explained_by = upstream->cause;
	}
}

/* Below what explains it, and that below what explains that. */
static void lower_explained(struct diagnosis *diagnosis)
{
	for (size_t pass = 0; pass < 4; pass++)
		for (size_t i = 0; i < diagnosis->n_hypotheses; i++) {
			struct hypothesis *low = &diagnosis->hypotheses[i];

			if (low->explained_by)
				low->score = fmin(low->score,
						  find(diagnosis, low->explained_by->id)->score -
							  EXPLAINED_BELOW);
		}
}

/* What is true of a busy host whatever the question is about, and this one is not about that. */
static bool is_background(const struct diagnosis *diagnosis, const struct cause *cause)
{
	return cause->is_background && !question_count_words(diagnosis->asked, cause->words);
}

/* Below the strongest that is believed and no background itself. */
static void lower_background(struct diagnosis *diagnosis)
{
	double best = -INFINITY;

	for (size_t i = 0; i < diagnosis->n_hypotheses; i++) {
		const struct hypothesis *other = &diagnosis->hypotheses[i];

		if (is_believed(other) && !other->explained_by &&
		    !is_background(diagnosis, other->cause))
			best = fmax(best, other->score);
	}
	for (size_t i = 0; i < diagnosis->n_hypotheses && isfinite(best); i++)
		if (is_background(diagnosis, diagnosis->hypotheses[i].cause))
			diagnosis->hypotheses[i].score =
				fmin(diagnosis->hypotheses[i].score, best - MARGIN);
}

/* An open cause that would explain a believed one gets a bonus: it must be looked at. */
static void raise_upstream(struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->n_hypotheses; i++) {
		struct hypothesis *upstream = &diagnosis->hypotheses[i];
		const json_t *id;
		size_t at;

		if (upstream->standing != CAUSE_OPEN)
			continue;
		json_array_foreach(upstream->cause->explains, at, id)
		{
			if (!is_believed(find(diagnosis, json_string_value(id))))
				continue;
			upstream->score += UPSTREAM_BONUS;
			break;
		}
	}
}

static int compare(const void *left, const void *right)
{
	const struct hypothesis *a = left, *b = right;

	if (a->score != b->score)
		return a->score < b->score ? 1 : -1;
	return strcmp(a->cause->id, b->cause->id);
}

static void normalise(struct diagnosis *diagnosis)
{
	double sum = 1; /* "none", whose score is 0 */

	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		sum += exp(diagnosis->hypotheses[i].score);
	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		diagnosis->hypotheses[i].probability = exp(diagnosis->hypotheses[i].score) / sum;
}

void ranking_update(struct diagnosis *diagnosis)
{
	const struct knowledge *knowledge = diagnosis->knowledge;

	diagnosis->n_hypotheses = knowledge->n_causes;
	for (size_t i = 0; i < knowledge->n_causes; i++) {
		diagnosis->hypotheses[i] = (struct hypothesis) { .cause = &knowledge->causes[i] };
		score(diagnosis, &diagnosis->hypotheses[i]);
	}
	raise_upstream(diagnosis);
	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		if (is_believed(&diagnosis->hypotheses[i]))
			explain(diagnosis, &diagnosis->hypotheses[i]);
	lower_explained(diagnosis);
	lower_background(diagnosis);
	qsort(diagnosis->hypotheses, diagnosis->n_hypotheses, sizeof(struct hypothesis), compare);
	normalise(diagnosis);
}

const struct hypothesis *diagnosis_leader(const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < diagnosis->n_hypotheses; i++)
		if (is_believed(&diagnosis->hypotheses[i]) &&
		    !diagnosis->hypotheses[i].explained_by)
			return &diagnosis->hypotheses[i];
	return NULL;
}

static bool would_explain(const struct cause *upstream, const struct cause *cause)
{
	const json_t *id;
	size_t i;

	json_array_foreach(upstream->explains, i,
			   id) if (strcmp(json_string_value(id), cause->id) == 0) return true;
	return false;
}

/* The score it would have if all that was not read of it held. */
static double potential(const struct diagnosis *diagnosis, const struct hypothesis *hypothesis)
{
	const struct cause *cause = hypothesis->cause;
	double words = (double)question_count_words(diagnosis->asked, cause->words);
	double sum = hypothesis->score + fmin(RELEVANCE_BONUS * words, RELEVANCE_BONUS_MAX);

	for (size_t f = 0; f < cause->n_findings; f++)
		if (diagnosis_finding(diagnosis, cause, f) == FINDING_UNREAD)
			sum += fmax(cause->findings[f].weight, 0);
	return sum;
}

bool ranking_is_worth_asking(const struct diagnosis *diagnosis, const struct hypothesis *hypothesis)
{
	const struct hypothesis *leader = diagnosis_leader(diagnosis);

	if (hypothesis->standing == CAUSE_RULED_OUT || hypothesis->explained_by)
		return false;
	if (!leader)
		return true;
	return hypothesis->standing == CAUSE_OPEN &&
	       (is_background(diagnosis, leader->cause) ||
		would_explain(hypothesis->cause, leader->cause) ||
		potential(diagnosis, hypothesis) > leader->score + MARGIN);
}
