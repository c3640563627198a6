#include "server/inquiry/combine.h"

#include <stdlib.h>
#include <string.h>

static const char *host_of(const json_t *report)
{
	return json_get_text(report, "host", "");
}

static double number(const json_t *object, const char *key)
{
	return json_get_number(object, key, 0);
}

static int gravity(const json_t *report)
{
	const char *verdict = json_get_text(report, "verdict", "");

	if (strcmp(verdict, "cause-found") == 0)
		return 2;
	return strcmp(verdict, "healthy") == 0 ? 0 : 1;
}

/* Whose verdict is the whole's. Of the healthy the least sure; a tie goes to the first. */
static const json_t *find_leader(const json_t *reports)
{
	const json_t *best = NULL, *report;
	size_t i;

	json_array_foreach(reports, i, report)
	{
		int more = best ? gravity(report) - gravity(best) : 1;
		double surer = number(report, "confidence") - number(best, "confidence");

		if (more > 0 || (more == 0 && (gravity(report) ? surer > 0 : surer < 0)))
			best = report;
	}
	return best;
}

/* A copy of each member of one of its lists, with its host. */
static void add_all(json_t *list, const json_t *report, const char *name)
{
	const json_t *member;
	size_t i;

	json_array_foreach(json_object_get(report, name), i, member)
	{
		json_t *copy = json_deep_copy(member);

		json_put(copy, "host", json_string(host_of(report)));
		json_push(list, copy);
	}
}

static json_t *find_hypothesis(const json_t *list, const char *cause)
{
	json_t *hypothesis;
	size_t i;

	json_array_foreach(list, i,
			   hypothesis) if (strcmp(json_get_text(hypothesis, "cause_id", ""),
						  cause) == 0) return hypothesis;
	return NULL;
}

static void join_hypothesis(json_t *list, const json_t *report, const json_t *hypothesis)
{
	json_t *joined = find_hypothesis(list, json_get_text(hypothesis, "cause_id", ""));
	json_t *claims_for, *claims_against;

	if (!joined) {
		joined = json_copy((json_t *)(uintptr_t)hypothesis);
		json_put(joined, "for", json_array());
		json_put(joined, "against", json_array());
		json_put(joined, "hosts", json_array());
		json_push(list, joined);
	} else if (number(hypothesis, "probability") > number(joined, "probability")) {
		json_put(joined, "probability",
			 json_incref(json_object_get(hypothesis, "probability")));
		json_put(joined, "statement",
			 json_incref(json_object_get(hypothesis, "statement")));
	}
	json_push(json_object_get(joined, "hosts"), json_string(host_of(report)));
	claims_for = json_pack("{s:O, s:O}", "host", json_object_get(report, "host"), "for",
			       json_object_get(hypothesis, "for"));
	claims_against = json_pack("{s:O, s:O}", "host", json_object_get(report, "host"), "against",
				   json_object_get(hypothesis, "against"));
	add_all(json_object_get(joined, "for"), claims_for, "for");
	add_all(json_object_get(joined, "against"), claims_against, "against");
	json_decref(claims_for);
	json_decref(claims_against);
}

static int compare(const void *one, const void *other)
{
	double a = number(*(json_t *const *)one, "probability");
	double b = number(*(json_t *const *)other, "probability");

	return a < b ? 1 : a > b ? -1 : 0;
}

/* The likeliest first; the array keeps its references. */
static json_t *sorted(json_t *list)
{
	size_t n = json_array_size(list), i;
	json_t **members = calloc(n ? n : 1, sizeof(*members));
	json_t *out = json_array();
	json_t *member;

	if (!members)
		abort();
	json_array_foreach(list, i, member) members[i] = member;
	qsort(members, n, sizeof(*members), compare);
	for (i = 0; i < n && i < COMBINE_MAX_HYPOTHESES; i++)
		json_push(out, json_incref(members[i]));
	free(members);
	json_decref(list);
	return out;
}

static json_t *join_hypotheses(const json_t *reports)
{
	json_t *list = json_array();
	const json_t *report, *hypothesis;
	size_t i, k;

	json_array_foreach(reports, i, report)
		json_array_foreach(json_object_get(report, "hypotheses"), k,
				   hypothesis) if (json_is_object(hypothesis))
			join_hypothesis(list, report, hypothesis);
	return sorted(list);
}

static json_t *brief_of(const json_t *report)
{
	return json_pack("{s:s, s:s, s:O, s:s, s:O}", "host", host_of(report), "verdict",
			 json_get_text(report, "verdict", ""), "cause_id",
			 json_object_get(report, "cause_id"), "root_cause",
			 json_get_text(report, "root_cause", ""), "confidence",
			 json_object_get(report, "confidence"));
}

static void put_leader(json_t *whole, const json_t *leader)
{
	char sentence[1200];
	json_t *remedies = json_array();

	text_format(sentence, sizeof(sentence), "%s: %s", host_of(leader),
		    json_get_text(leader, "root_cause", ""));
	json_put(whole, "verdict", json_incref(json_object_get(leader, "verdict")));
	json_put(whole, "cause_id", json_incref(json_object_get(leader, "cause_id")));
	json_put(whole, "confidence", json_incref(json_object_get(leader, "confidence")));
	json_put(whole, "root_cause",
		 gravity(leader)
			 ? json_text(sentence, strlen(sentence))
			 : json_string("Nothing that was read shows a fault on these hosts."));
	add_all(remedies, leader, "remedies");
	json_put(whole, "remedies", remedies);
}

json_t *combine_reports(const json_t *reports)
{
	static const char *const lists[] = { "evidence", "timeline", "unknowns" };
	const json_t *leader = find_leader(reports), *report;
	json_t *whole, *hosts;
	size_t i;

	if (json_array_size(reports) == 1)
		return json_deep_copy(leader);
	whole = json_object();
	hosts = json_array();
	put_leader(whole, leader);
	json_put(whole, "host", json_string(host_of(leader)));
	json_put(whole, "question", json_incref(json_object_get(leader, "question")));
	json_put(whole, "hypotheses", join_hypotheses(reports));
	for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
		json_t *list = json_array();

		json_array_foreach(reports, i, report) add_all(list, report, lists[k]);
		json_put(whole, lists[k], list);
	}
	json_array_foreach(reports, i, report) json_push(hosts, brief_of(report));
	json_put(whole, "hosts", hosts);
	return whole;
}
