/*
 * The conditions of all findings, compiled into jq programs.
 *
 * A predicate sees the result of its tool as ".", its arguments as $args, all
 * results so far as $all ({tool: result}) and the question as $asked. It sees
 * no clock, no environment and no input: predicates_check() refuses the words
 * that would give it one, so that the same evidence always says the same. Only
 * predicates*.c meet libjq.
 *
 * jq 1.6 takes 20 ms to compile any program and 1 ms for each finding and again for
 * its words. So there is one program for the conditions of the tools of a round, compiled
 * while they run, and then one for the words of those that hold, which are few.
 */
#pragma once

#include "diagnosis/knowledge.h"

/* Paths of one finding that are kept. */
#define PREDICATE_MAX_MATCHES 4

struct predicates;

/* 'knowledge' must outlive it; nothing is compiled yet. NULL with 'err' if a predicate says what it
 * must not. */
struct predicates *predicates_new(const struct knowledge *knowledge, struct error *err);

/*
 * Compiles the findings of these tools that are not compiled yet, as one program;
 * 'tools' NULL: of all, and their words. On failure 'err' names file, line, key and what
 * jq says.
 */
int predicates_prepare(struct predicates *predicates, const char *const *tools, size_t n,
		       struct error *err) MUST_CHECK;

/*
 * Compiles the words of the findings that hold in 'found', a list of what predicates_run()
 * gave, unless they are compiled; NULL: of all. Fails as predicates_prepare() does.
 */
int predicates_prepare_words(struct predicates *predicates, const json_t *found,
			     struct error *err) MUST_CHECK;
void predicates_free(struct predicates *predicates);
void predicates_cleanup(struct predicates **predicates);
const struct knowledge *predicates_knowledge(const struct predicates *predicates);

/* Which findings of a tool to try on its result. */
enum predicates_scope {
	PREDICATES_ALL,
	PREDICATES_CROSS, /* those that look at other tools' results through $all */
};

/* Whether a finding is of that second kind. */
bool predicates_is_cross(const struct finding *finding);

/*
 * Gives what all predicates see beside their own result ($all and $asked), until the next
 * call. It is converted once, which costs more than to try a finding.
 */
void predicates_see(struct predicates *predicates, const json_t *all, const json_t *asked);

struct predicates_input {
	const char *tool;
	const json_t *args;
	const json_t *result;
	enum predicates_scope scope;
};

/*
 * Tries the findings of one tool, which was prepared. Returns [[number, [path...]]...]: for
 * each finding that was tried where it holds. A condition that fails on the shape of the
 * result does not hold.
 */
json_t *predicates_run(struct predicates *predicates, const struct predicates_input *input);

/*
 * What the findings say that hold in 'found', of predicates_run() with the same input; their
 * words were prepared. Returns [[number, [[path, says, values]...]]...].
 */
json_t *predicates_tell(struct predicates *predicates, const struct predicates_input *input,
			const json_t *found);

/*
 * Whether an expression (or the inside of a string template) is one balanced
 * piece of jq without forbidden words: 0 or -EINVAL.
 */
int predicates_check(const char *expression, struct error *err) MUST_CHECK;
int predicates_check_template(const char *text, struct error *err) MUST_CHECK;
int predicates_check_functions(const char *text, struct error *err) MUST_CHECK;
