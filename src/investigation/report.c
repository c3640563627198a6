#include "investigation/report.h"

#include <math.h>
#include <string.h>

#include "investigation/claim.h"
#include "investigation/remedy.h"
#include "investigation/timeline.h"
#include "investigation/trace_summary.h"

#define MAX_HYPOTHESES 6
#define MAX_UNKNOWNS 64
#define EXCERPT_BYTES 160

/* More vitals than this unread, and "nothing found" proves nothing. */
#define MAX_FAILED_SHARE 0.5

static json_t *probability(double value)
{
	return json_real(round(value * 1000) / 1000);
}

static bool is_worth_listing(const struct hypothesis *hypothesis, const json_t *claims)
{
	return hypothesis->probability >= 0.02 || json_array_size(claims);
}

/* For who looks at several hosts: which other end the cause points to (joint.h). */
static void put_elsewhere(json_t *json, const struct investigation *investigation,
			  const struct cause *cause)
{
	CLEANUP(text)
	char *text = diagnosis_sentence(investigation->diagnosis, cause, cause->elsewhere);

	if (*text)
		json_put(json, "elsewhere", json_text(text, strlen(text)));
}

static json_t *hypothesis_json(const struct investigation *investigation,
			       const struct hypothesis *hypothesis, json_t *claims)
{
	const struct cause *cause = hypothesis->cause;
	CLEANUP(text)
	char *statement = diagnosis_sentence(investigation->diagnosis, cause, cause->statement);
	json_t *json = json_pack("{s:s, s:s, s:o, s:O, s:o}", "cause_id", cause->id, "statement",
				 statement, "probability", probability(hypothesis->probability),
				 "for", claims, "against", claims_against(investigation, cause));

	if (cause->elsewhere)
		put_elsewhere(json, investigation, cause);
	if (hypothesis->explained_by)
		json_put(json, "explained_by", json_string(hypothesis->explained_by->id));
	return json;
}

static json_t *hypotheses(const struct investigation *investigation,
			  const struct hypothesis *ranked, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n && json_array_size(list) < MAX_HYPOTHESES; i++) {
		CLEANUP(json) json_t *claims = claims_for(investigation, ranked[i].cause);

		if (is_worth_listing(&ranked[i], claims))
			json_push(list, hypothesis_json(investigation, &ranked[i], claims));
	}
	return list;
}

/* A trace was asked for what it shows, also where that is no fault. */
static json_t *summary_of(const struct evidence *evidence)
{
	if (strcmp(evidence->tool, "trace_kernel") == 0)
		return trace_summary(evidence->result);
	return json_string("nothing that speaks for a cause");
}

/* What the listed hypotheses say of one piece of evidence: its summary and its excerpt. */
static void summarise(const struct evidence *evidence, const json_t *listed, json_t *item)
{
	const json_t *hypothesis, *claim;
	size_t i, j;

	json_array_foreach(listed, i, hypothesis)
		json_array_foreach(json_object_get(hypothesis, "for"), j, claim)
	{
		if (strcmp(json_get_text(claim, "evidence", ""), evidence->id) != 0)
			continue;
		json_put(item, "summary", json_incref(json_object_get(claim, "says")));
		json_put(item, "excerpt", json_incref(json_object_get(claim, "quote")));
		return;
	}
	if (!evidence->result) {
		json_put(item, "summary",
			 json_text(evidence->why.text, strlen(evidence->why.text)));
		json_put(item, "excerpt", json_string(""));
		return;
	}
	json_put(item, "summary", summary_of(evidence));
	json_put(item, "excerpt",
		 json_text(evidence->bytes,
			   evidence->n_bytes < EXCERPT_BYTES ? evidence->n_bytes : EXCERPT_BYTES));
}

static json_t *evidence_list(const struct investigation *investigation, const json_t *listed)
{
	json_t *list = json_array();

	for (size_t i = 0; i < investigation->ledger.n; i++) {
		const struct evidence *evidence = &investigation->ledger.items[i];
		json_t *item = json_pack("{s:s, s:s, s:O, s:s, s:s}", "id", evidence->id, "tool",
					 evidence->tool, "args", evidence->args, "host",
					 investigation->host, "sha256", evidence->sha256);

		summarise(evidence, listed, item);
		json_push(list, item);
	}
	return list;
}

static void add_unknown(json_t *unknowns, const struct evidence *evidence, const char *what,
			const char *why)
{
	if (json_array_size(unknowns) < MAX_UNKNOWNS)
		json_push(unknowns,
			  json_pack("{s:o, s:o, s:s}", "what", json_text(what, strlen(what)), "why",
				    json_text(why, strlen(why)), "evidence", evidence->id));
}

json_t *report_unknowns(const struct ledger *ledger)
{
	json_t *unknowns = json_array();

	for (size_t i = 0; i < ledger->n; i++) {
		const struct evidence *evidence = &ledger->items[i];
		const json_t *unread;
		size_t at;

		if (!evidence->result)
			add_unknown(unknowns, evidence, evidence->tool, evidence->why.text);
		json_array_foreach(json_object_get(evidence->result, "unread"), at, unread)
			add_unknown(unknowns, evidence, json_get_text(unread, "what", "?"),
				    json_get_text(unread, "why", "?"));
	}
	return unknowns;
}

/* It stands first: it says what all the rest is worth. */
static void add_cut(json_t *unknowns)
{
	json_t *cut = json_pack("{s:s, s:s, s:s}", "what", "the rest of the investigation", "why",
				"its time ran out: this is what the evidence so far can prove",
				"evidence", "");

	if (!cut || json_array_insert_new(unknowns, 0, cut) < 0)
		abort();
}

static double failed_share(const struct ledger *ledger)
{
	size_t failed = 0;

	for (size_t i = 0; i < ledger->n; i++)
		failed += !ledger->items[i].result;
	return ledger->n ? (double)failed / (double)ledger->n : 1;
}

static void put_verdict(json_t *report, const char *verdict, const char *sentence,
			double confidence)
{
	json_put(report, "verdict", json_string(verdict));
	json_put(report, "cause_id", json_null());
	json_put(report, "root_cause", json_text(sentence, strlen(sentence)));
	json_put(report, "confidence", probability(confidence));
	json_put(report, "remedies", json_array());
}

static void put_cause(json_t *report, const struct investigation *investigation,
		      const struct hypothesis *leader)
{
	const struct cause *cause = leader->cause;
	CLEANUP(text)
	char *sentence = diagnosis_sentence(investigation->diagnosis, cause, cause->statement);

	put_verdict(report, "cause-found", sentence, leader->probability);
	json_put(report, "cause_id", json_string(cause->id));
	json_put(report, "remedies", remedies_new(investigation, cause));
}

static void put_no_cause(json_t *report, const struct investigation *investigation,
			 const struct hypothesis *best)
{
	char sentence[512];

	if (best->score >= DIAGNOSIS_SUSPECTED && best->standing != CAUSE_RULED_OUT) {
		CLEANUP(text)
		char *statement = diagnosis_sentence(investigation->diagnosis, best->cause,
						     best->cause->statement);

		(void)snprintf(sentence, sizeof(sentence), "Not proven, but suspected: %.400s",
			       statement);
		put_verdict(report, "inconclusive", sentence, best->probability);
	} else if (investigation->witness->is_over) {
		put_verdict(report, "inconclusive",
			    "The time ran out before anything could be proven.", 0);
	} else if (failed_share(&investigation->ledger) > MAX_FAILED_SHARE) {
		put_verdict(report, "inconclusive",
			    "Too little could be read to say whether this host is healthy.", 0);
	} else {
		put_verdict(report, "healthy", "Nothing that was read shows a fault on this host.",
			    1 / (1 + exp(best->score)));
	}
}

json_t *report_new(const struct investigation *investigation)
{
	const struct hypothesis *leader = diagnosis_leader(investigation->diagnosis);
	const struct hypothesis *ranked;
	json_t *report = json_object();
	json_t *listed;
	size_t n;

	ranked = diagnosis_ranked(investigation->diagnosis, &n);
	if (leader && claims_prove(investigation, leader->cause))
		put_cause(report, investigation, leader);
	else
		put_no_cause(report, investigation, ranked);
	listed = hypotheses(investigation, ranked, n);
	json_put(report, "question",
		 json_text(investigation->question, strlen(investigation->question)));
	json_put(report, "host", json_text(investigation->host, strlen(investigation->host)));
	json_put(report, "hypotheses", listed);
	json_put(report, "evidence", evidence_list(investigation, listed));
	json_put(report, "timeline", timeline_new(investigation, ranked, n));
	json_put(report, "unknowns", report_unknowns(&investigation->ledger));
	if (investigation->witness->is_over)
		add_cut(json_object_get(report, "unknowns"));
	return report;
}
