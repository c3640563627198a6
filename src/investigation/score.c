#include "investigation/score.h"

#include <errno.h>
#include <string.h>

static const char *const costs[] = { "calls",        "elapsed_ms",    "model_calls",
				     "input_tokens", "output_tokens", "cost_usd" };
static const char *const shares[] = { "evidence", "precision" };

static bool has_text(const json_t *list, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), text) == 0)
			return true;
	}
	return false;
}

int score_check(const json_t *expect, struct error *err)
{
	const char *verdict = json_get_text(expect, "verdict", "");
	const json_t *ids = json_object_get(expect, "cause_ids");
	const json_t *evidence = json_object_get(expect, "evidence");
	bool is_found = strcmp(verdict, "cause-found") == 0;
	const json_t *item;
	size_t i;

	if (!is_found && strcmp(verdict, "healthy") != 0 && strcmp(verdict, "inconclusive") != 0)
		return error_set(err, -EBADMSG,
				 "expect/verdict: one of cause-found, healthy, inconclusive");
	if (is_found != (json_array_size(ids) > 0))
		return error_set(err, -EBADMSG,
				 "expect/cause_ids: a cause that is found has one, nothing else");
	if (evidence && !json_is_array(evidence))
		return error_set(err, -EBADMSG, "expect/evidence: expected a list");
	json_array_foreach(evidence, i, item)
	{
		if (!json_array_size(json_object_get(item, "tools")))
			return error_set(err, -EBADMSG, "expect/evidence/%zu: names no tools", i);
	}
	return 0;
}

static const json_t *find_evidence(const json_t *evidence, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(evidence, i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			return item;
	}
	return NULL;
}

/* The evidence that a claim cites if its quote stands there, else NULL. */
static const json_t *proof_of(const json_t *claim, const json_t *evidence)
{
	const json_t *item = find_evidence(evidence, json_get_text(claim, "evidence", ""));
	const json_t *bytes = json_object_get(item, "bytes");
	const json_t *quote = json_object_get(claim, "quote");

	if (!json_is_string(bytes) || !json_is_string(quote) || !json_string_length(quote))
		return NULL;
	return memmem(json_string_value(bytes), json_string_length(bytes), json_string_value(quote),
		      json_string_length(quote))
		       ? item
		       : NULL;
}

static bool is_wanted(const json_t *wanted, const json_t *item)
{
	const char *host = json_get_text(wanted, "host", NULL);

	return has_text(json_object_get(wanted, "tools"), json_get_text(item, "tool", "")) &&
	       (!host || strcmp(host, json_get_text(item, "host", "")) == 0);
}

static bool is_cited(const json_t *wanted, const json_t *claims, const json_t *evidence)
{
	const json_t *claim;
	size_t i;

	json_array_foreach(claims, i, claim)
	{
		const json_t *item = proof_of(claim, evidence);

		if (item && is_wanted(wanted, item))
			return true;
	}
	return false;
}

static double cited_share(const json_t *expect, const json_t *claims, const json_t *evidence)
{
	const json_t *list = json_object_get(expect, "evidence");
	size_t n = json_array_size(list), n_cited = 0;
	const json_t *wanted;
	size_t i;

	json_array_foreach(list, i, wanted) n_cited += is_cited(wanted, claims, evidence);
	return n ? (double)n_cited / (double)n : 1;
}

static size_t count_unproven(const json_t *claims, const json_t *evidence)
{
	const json_t *claim;
	size_t i, n = 0;

	json_array_foreach(claims, i, claim) n += !proof_of(claim, evidence);
	return n;
}

static bool is_right(const json_t *expect, const json_t *report)
{
	const char *host = json_get_text(expect, "host", NULL);
	const char *cause = json_get_text(report, "cause_id", NULL);

	if (strcmp(json_get_text(expect, "verdict", ""), json_get_text(report, "verdict", "?")) !=
	    0)
		return false;
	if (!json_array_size(json_object_get(expect, "cause_ids")))
		return true;
	return cause && has_text(json_object_get(expect, "cause_ids"), cause) &&
	       (!host || strcmp(host, json_get_text(report, "host", "")) == 0);
}

static double sum(const json_t *scores, const char *key)
{
	const json_t *score;
	double total = 0;
	size_t i;

	json_array_foreach(scores, i, score) total += json_get_number(score, key, 0);
	return total;
}

/* "engine" of a report says what each model took. */
static void put_costs(json_t *score, const json_t *report, const json_t *evidence)
{
	static const char *const said[] = { "requests", "input_tokens", "output_tokens", "cost" };
	static const char *const ours[] = { "model_calls", "input_tokens", "output_tokens",
					    "cost_usd" };
	const json_t *models = json_object_get(json_object_get(report, "engine"), "models");

	for (size_t i = 0; i < ARRAY_LEN(said); i++)
		json_put(score, ours[i], json_real(sum(models, said[i])));
	json_put(score, "calls", json_integer((json_int_t)json_array_size(evidence)));
	json_put(score, "elapsed_ms", json_real(json_get_number(report, "elapsed_ms", 0)));
}

json_t *score_report(const json_t *expect, const json_t *report, const json_t *evidence)
{
	const json_t *first = json_array_get(json_object_get(report, "hypotheses"), 0);
	bool is_found = strcmp(json_get_text(report, "verdict", ""), "cause-found") == 0;
	const json_t *claims = is_found ? json_object_get(first, "for") : NULL;
	size_t n = json_array_size(claims), n_unproven = count_unproven(claims, evidence);
	json_t *score = json_pack(
		"{s:b, s:s, s:s, s:s, s:f, s:I, s:I, s:f}", "right", is_right(expect, report),
		"verdict", json_get_text(report, "verdict", "?"), "cause_id",
		json_get_text(report, "cause_id", ""), "host", json_get_text(report, "host", ""),
		"evidence", cited_share(expect, claims, evidence), "claims", (json_int_t)n,
		"unproven", (json_int_t)n_unproven, "precision",
		n ? (double)(n - n_unproven) / (double)n : 1.0);

	put_costs(score, report, evidence);
	return score;
}

json_t *score_total(const json_t *scores)
{
	json_t *total =
		json_pack("{s:I, s:f, s:f}", "cases", (json_int_t)json_array_size(scores), "claims",
			  sum(scores, "claims"), "unproven", sum(scores, "unproven"));
	size_t n = json_array_size(scores), n_right = 0, i;
	const json_t *score;

	json_array_foreach(scores, i, score) n_right += json_get_bool(score, "right", false);
	json_put(total, "right", json_integer((json_int_t)n_right));
	for (i = 0; i < ARRAY_LEN(shares); i++)
		json_put(total, shares[i], json_real(n ? sum(scores, shares[i]) / (double)n : 0));
	for (i = 0; i < ARRAY_LEN(costs); i++)
		json_put(total, costs[i], json_real(sum(scores, costs[i])));
	return total;
}
