/* What the files behind diagnosis.h share. */
#pragma once

#include "diagnosis/diagnosis.h"

#define DIAGNOSIS_MAX_FACTS 64

struct observation {
	enum finding_state state;
	json_t *matches;
};

struct diagnosis {
	const struct knowledge *knowledge;
	const json_t *asked;
	struct predicates *predicates;
	struct fact facts[DIAGNOSIS_MAX_FACTS];
	size_t n_facts;
	unsigned n_rounds;
	size_t n_judged;                  /* facts whose own findings were tried */
	json_t *all;                      /* {tool: result}: what predicates see as $all */
	json_t *given;                    /* values that the question gives to templates */
	struct observation *observations; /* by number of finding */
	struct hypothesis *hypotheses;    /* best first */
	size_t n_hypotheses;
};

/* Scores, explains, normalises and sorts the hypotheses. */
void ranking_update(struct diagnosis *diagnosis);

/*
 * Whether more evidence about this cause could change who leads: it is open, and
 * it could come out ahead of the leader or explain it.
 */
bool ranking_is_worth_asking(const struct diagnosis *diagnosis,
			     const struct hypothesis *hypothesis);

/* What the question names, as values for templates. */
json_t *subjects_given(const json_t *asked, const json_t *all);
