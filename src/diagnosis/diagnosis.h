/*
 * The built-in engine: from what was read to ranked causes, and to what should
 * be read next.
 *
 * It asks nobody anything itself. Its owner feeds it facts (results of tools, in
 * the order of asking), lets it judge them, and asks what diagnosis_next()
 * proposes. It sees no clock: the same facts in the same order give the same
 * ranking and the same proposals.
 *
 * A cause's score is log-odds: its prior, a bounded bonus for words of the
 * question, and the weights of its findings (one per group). "None" stands among
 * them with score 0; a probability is a share of all. A cause is proven when
 * everything it requires holds. A proven, believed cause that explains another
 * takes its place: the other stays in the list, below it.
 */
#pragma once

#include "diagnosis/predicates.h"
#include "diagnosis/question.h"

/* Log-odds from which a proven cause is believed (0.8), and suspected (0.5). */
#define DIAGNOSIS_BELIEVED 1.386
#define DIAGNOSIS_SUSPECTED 0.0

/* One result; everything is borrowed and must outlive the diagnosis. */
struct fact {
	const char *tool;
	const json_t *args;
	const json_t *result; /* NULL: the call failed, which is no evidence */
};

enum finding_state {
	FINDING_UNREAD,
	FINDING_ABSENT, /* its tool was read and does not show it */
	FINDING_HOLDS,
};

struct hypothesis {
	const struct cause *cause;
	const struct cause *explained_by; /* or NULL */
	double score;                     /* log-odds */
	double probability;
	enum {
		CAUSE_OPEN,
		CAUSE_PROVEN,
		CAUSE_RULED_OUT
	} standing;
};

/* How much is asked: what tells enough about the leaders, or all that any cause draws on. */
enum diligence {
	DILIGENCE_FRUGAL,
	DILIGENCE_THOROUGH,
};

struct diagnosis;

/* 'asked' is of question_parse(); it and 'predicates' must outlive the diagnosis. */
struct diagnosis *diagnosis_new(struct predicates *predicates, const json_t *asked);
void diagnosis_free(struct diagnosis *diagnosis);
void diagnosis_cleanup(struct diagnosis **diagnosis);

/*
 * Makes ready for facts of these tools, which takes some 50 ms; meant to be done
 * while they run. A tool that was not prepared tells nothing.
 */
int diagnosis_prepare(struct diagnosis *diagnosis, const char *const *tools, size_t n,
		      struct error *err) MUST_CHECK;

/* Facts are numbered from 0 in the order in which they are learnt. */
void diagnosis_learn(struct diagnosis *diagnosis, const struct fact *fact);

/* Evaluates what is new and ranks; fails only if a finding's words are wrong. */
int diagnosis_judge(struct diagnosis *diagnosis, struct error *err) MUST_CHECK;

/* The ranking of the last diagnosis_judge(), best first; borrowed until the next. */
const struct hypothesis *diagnosis_ranked(const struct diagnosis *diagnosis, size_t *n_out);

/* The best cause that is proven, believed and not explained by another; or NULL. */
const struct hypothesis *diagnosis_leader(const struct diagnosis *diagnosis);

enum finding_state diagnosis_finding(const struct diagnosis *diagnosis, const struct cause *cause,
				     size_t finding);

/* [{"fact": number, "path": [...], "says": text, "values": {...}}...]; borrowed. */
const json_t *diagnosis_matches(const struct diagnosis *diagnosis, const struct cause *cause,
				size_t finding);

/*
 * The calls worth asking next, best first, at most 'max': [{"tool", "args",
 * "gain"}]. Only tools in 'available' ({name: ...}), and none asked before. When
 * the leader cannot be overtaken or explained by what could still be read, only its
 * own calls are left, which say more about it (what fills the disk).
 */
json_t *diagnosis_next(const struct diagnosis *diagnosis, const json_t *available,
		       enum diligence diligence, size_t max);

/*
 * Fills a cause's template: "{name}" from the values of its findings that hold
 * and from the question, "{name|default}" where there may be none. A text that
 * is one such place keeps the value's type. NULL if a name has no value.
 */
json_t *diagnosis_fill(const struct diagnosis *diagnosis, const struct cause *cause,
		       const json_t *template);

/* The same for a sentence: a name without a value stands for itself. Heap text. */
char *diagnosis_sentence(const struct diagnosis *diagnosis, const struct cause *cause,
			 const char *template);
