/*
 * The conditions of all findings, compiled once as one jq program.
 *
 * A predicate sees the result of its tool as ".", its arguments as $args, all
 * results so far as $all ({tool: result}) and the question as $asked. It sees
 * no clock, no environment and no input: predicates_check() refuses the words
 * that would give it one, so that the same evidence always says the same. Only
 * predicates*.c meet libjq.
 */
#pragma once

#include "diagnosis/knowledge.h"

/* Paths of one finding that are kept. */
#define PREDICATE_MAX_MATCHES 4

struct predicates;

/* NULL with 'err' naming the cause, the finding and what jq says about it. */
struct predicates *predicates_compile(const struct knowledge *knowledge, struct error *err);
void predicates_free(struct predicates *predicates);

/* Which findings of a tool to try on its result. */
enum predicates_scope {
	PREDICATES_ALL,
	PREDICATES_CROSS, /* those that look at other tools' results through $all */
};

/* Whether a finding is of that second kind. */
bool predicates_is_cross(const struct finding *finding);

struct predicates_input {
	const char *tool;
	const json_t *args;
	const json_t *result;
	const json_t *all;
	const json_t *asked;
	enum predicates_scope scope;
};

/*
 * Tries the findings of one tool. Returns [[number, [[path, says, values]...]]...]:
 * for each finding that was tried its matches, none if it does not hold. A
 * condition that fails on the shape of the result does not hold.
 */
json_t *predicates_run(struct predicates *predicates, const struct predicates_input *input);

/*
 * Whether an expression (or the inside of a string template) is one balanced
 * piece of jq without forbidden words: 0 or -EINVAL.
 */
int predicates_check(const char *expression, struct error *err) MUST_CHECK;
int predicates_check_template(const char *text, struct error *err) MUST_CHECK;
int predicates_check_functions(const char *text, struct error *err) MUST_CHECK;
