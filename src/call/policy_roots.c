/* Below what diagnose-root may read: the host's roots, and those of clients that have their own. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "call/policy_internal.h"

/* Lines for the same client add up. */
static int find_set(struct policy *policy, const struct policy_line *line,
		    const struct subject *subject, struct root_set **set_out, struct error *err)
{
	unsigned i = 0;

	if (subject->kind != SUBJECT_ANYONE)
		for (i = 1; i < policy->n_root_sets; i++)
			if (strcmp(policy->roots[i].subject.client, subject->client) == 0)
				break;
	if (i == LAUNCHER_MAX_ROOT_SETS)
		return policy_complain(line, err, "too many clients have roots of their own");
	if (i == policy->n_root_sets)
		policy->roots[policy->n_root_sets++].subject = *subject;
	*set_out = &policy->roots[i];
	return 0;
}

/* Where the paths end: at "to", or at the end of the line. */
static size_t count_paths(const struct policy_line *line)
{
	size_t n = 1;

	while (n < line->n_words && !str_is(line->words[n], "to"))
		n++;
	return n;
}

static int add_path(struct root_set *set, const struct policy_line *line, struct str path,
		    struct error *err)
{
	if (path.data[0] != '/' || path.len >= PATH_MAX)
		return policy_refuse(line, err, "a root is an absolute path, not", path);
	if (set->n == POLICY_MAX_ROOTS)
		return policy_complain(line, err, "too many roots");
	policy_add_text(&set->paths, &set->n, path.data, path.len);
	return 0;
}

int policy_parse_roots(struct policy *policy, const struct policy_line *line, struct error *err)
{
	size_t end = count_paths(line);
	struct subject subject = { 0 };
	struct root_set *set = NULL;
	int r;

	if (end < 2)
		return policy_complain(line, err, "expected a path");
	r = policy_parse_subject(line, end, &subject, err);
	if (r == 0 && subject.kind != SUBJECT_ANYONE && subject.kind != SUBJECT_CLIENT) {
		subject_finish(&subject);
		r = policy_complain(line, err, "roots are of all, or of a client");
	}
	if (r == 0)
		r = find_set(policy, line, &subject, &set, err);
	for (size_t i = 1; r == 0 && i < end; i++)
		r = add_path(set, line, line->words[i], err);
	return r;
}

void policy_roots_settle(struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_root_sets; i++)
		policy->root_lists[i] = policy_roots(policy, i);
}

const char *const *const *policy_root_sets(const struct policy *policy)
{
	return policy->root_lists;
}

void policy_roots_finish(struct policy *policy)
{
	for (unsigned i = 0; i < policy->n_root_sets; i++) {
		for (size_t n = 0; n < policy->roots[i].n; n++)
			free(policy->roots[i].paths[n]);
		free(policy->roots[i].paths);
	}
}

const char *const *policy_roots(const struct policy *policy, unsigned set)
{
	static const char *const everything[] = { "/", NULL };

	if (set >= policy->n_root_sets)
		return NULL;
	return policy->roots[set].n ? (const char *const *)policy->roots[set].paths : everything;
}

/* The last that speaks of him, as with rules. */
unsigned policy_root_set(const struct policy *policy, const struct caller *caller)
{
	for (unsigned i = policy->n_root_sets; i-- > 1;)
		if (subject_includes(&policy->roots[i].subject, caller))
			return i;
	return 0;
}
