#include "investigation/timeline.h"

#include <stdlib.h>
#include <string.h>

#define MAX_ENTRIES 32

/* Members that say how long before the reading something happened. */
static const char *const times[] = { "seconds_ago",    "since_s_ago",   "started_s_ago",
				     "modified_s_ago", "changed_s_ago", "expired_s_ago" };

static bool find_time(const json_t *value, double *ago_s_out)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		const json_t *ago = json_object_get(value, times[i]);

		if (!json_is_number(ago))
			continue;
		*ago_s_out = json_number_value(ago);
		return true;
	}
	return false;
}

static bool is_there(const json_t *entries, const json_t *entry)
{
	const json_t *other;
	size_t i;

	json_array_foreach(entries, i, other) if (json_equal(other, entry)) return true;
	return false;
}

static void add_match(const struct investigation *investigation, const json_t *match,
		      json_t *entries)
{
	size_t fact = (size_t)json_get_int(match, "fact", 0);
	const struct evidence *evidence = &investigation->ledger.items[fact];
	const json_t *value = evidence_value(evidence, json_object_get(match, "path"));
	CLEANUP(json) json_t *entry = NULL;
	double ago_s;

	if (!find_time(value, &ago_s) || json_array_size(entries) == MAX_ENTRIES)
		return;
	entry = json_pack("{s:f, s:s, s:s}", "seconds_ago", ago_s, "text",
			  json_get_text(match, "says", "?"), "evidence", evidence->id);
	if (entry && !is_there(entries, entry))
		json_push(entries, json_incref(entry));
}

static int compare(const void *left, const void *right)
{
	const json_t *a = *(json_t *const *)left, *b = *(json_t *const *)right;
	double ago_a = json_get_number(a, "seconds_ago", 0);
	double ago_b = json_get_number(b, "seconds_ago", 0);

	if (ago_a != ago_b)
		return ago_a < ago_b ? 1 : -1;
	return strcmp(json_get_text(a, "text", ""), json_get_text(b, "text", ""));
}

static json_t *sorted(const json_t *entries)
{
	json_t *all[MAX_ENTRIES];
	size_t n = json_array_size(entries);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		all[i] = json_array_get(entries, i);
	qsort(all, n, sizeof(all[0]), compare);
	for (size_t i = 0; i < n; i++)
		json_push(list, json_incref(all[i]));
	return list;
}

json_t *timeline_new(const struct investigation *investigation, const struct hypothesis *ranked,
		     size_t n)
{
	CLEANUP(json) json_t *entries = json_array();

	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < ranked[i].cause->n_findings; f++) {
			const struct diagnosis *diagnosis = investigation->diagnosis;
			const json_t *match;
			size_t at;

			if (diagnosis_finding(diagnosis, ranked[i].cause, f) != FINDING_HOLDS)
				continue;
			json_array_foreach(diagnosis_matches(diagnosis, ranked[i].cause, f), at,
					   match) add_match(investigation, match, entries);
		}
	return sorted(entries);
}
