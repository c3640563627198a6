#include "investigation/claim.h"

#include <stdlib.h>
#include <string.h>

/* At most 'max' bytes of a text, never half a character. */
static json_t *cut(const char *text, size_t max)
{
	size_t len = strlen(text);

	if (len > max) {
		len = max;
		while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
	}
	return json_text(text, len);
}

/* "key":value as it stands in canonical JSON, so that a bare number cannot stand anywhere. */
static json_t *quote_of(const struct evidence *evidence, const json_t *path)
{
	const json_t *value = evidence_value(evidence, path);
	const json_t *last = json_array_get(path, json_array_size(path) - 1);
	CLEANUP(text) char *text = value ? json_canonical(value) : NULL;
	CLEANUP(text) char *key = NULL;
	char *whole = NULL;
	json_t *quote;

	if (!text)
		return json_string("");
	if (!json_is_string(last))
		return cut(text, CLAIM_QUOTE_MAX_BYTES);
	key = json_canonical(last);
	if (asprintf(&whole, "%s:%s", key, text) < 0)
		abort();
	quote = cut(whole, CLAIM_QUOTE_MAX_BYTES);
	free(whole);
	return quote;
}

static json_t *claim(const struct investigation *investigation, const struct finding *finding,
		     const json_t *match)
{
	size_t fact = (size_t)json_get_int(match, "fact", 0);
	const struct evidence *evidence = &investigation->ledger.items[fact];
	json_t *quote = quote_of(evidence, json_object_get(match, "path"));

	return json_pack(
		"{s:s, s:s, s:o, s:b, s:f}", "says", json_get_text(match, "says", finding->id),
		"evidence", evidence->id, "quote", quote, "proven",
		evidence_has_quote(evidence, json_string_value(quote)), "weight", finding->weight);
}

json_t *claims_of_finding(const struct investigation *investigation, const struct cause *cause,
			  size_t finding)
{
	json_t *claims = json_array();
	const json_t *match;
	size_t i;

	if (diagnosis_finding(investigation->diagnosis, cause, finding) != FINDING_HOLDS)
		return claims;
	json_array_foreach(diagnosis_matches(investigation->diagnosis, cause, finding), i, match)
		json_push(claims, claim(investigation, &cause->findings[finding], match));
	return claims;
}

static void add_claims(const struct investigation *investigation, const struct cause *cause,
		       size_t finding, json_t *claims)
{
	CLEANUP(json) json_t *more = claims_of_finding(investigation, cause, finding);

	if (json_array_extend(claims, more) < 0)
		abort();
}

json_t *claims_for(const struct investigation *investigation, const struct cause *cause)
{
	json_t *claims = json_array();

	for (size_t f = 0; f < cause->n_findings; f++)
		if (cause->findings[f].weight > 0)
			add_claims(investigation, cause, f, claims);
	return claims;
}

/* The newest reading of a tool: what an absent finding was looked for in. */
static const struct evidence *reading_of(const struct ledger *ledger, const char *tool)
{
	for (size_t i = ledger->n; i > 0; i--)
		if (ledger->items[i - 1].result && strcmp(ledger->items[i - 1].tool, tool) == 0)
			return &ledger->items[i - 1];
	return NULL;
}

static void add_absence(const struct investigation *investigation, const struct finding *finding,
			json_t *claims)
{
	const struct evidence *evidence = reading_of(&investigation->ledger, finding->tool);
	char text[256];

	if (!evidence)
		return;
	(void)snprintf(text, sizeof(text), "%s does not show '%s'", finding->tool, finding->id);
	json_push(claims, json_pack("{s:s, s:s, s:f}", "says", text, "evidence", evidence->id,
				    "weight", -finding->against));
}

json_t *claims_against(const struct investigation *investigation, const struct cause *cause)
{
	json_t *claims = json_array();

	for (size_t f = 0; f < cause->n_findings; f++) {
		const struct finding *finding = &cause->findings[f];

		if (finding->weight < 0)
			add_claims(investigation, cause, f, claims);
		if (finding->against > 0 &&
		    diagnosis_finding(investigation->diagnosis, cause, f) == FINDING_ABSENT)
			add_absence(investigation, finding, claims);
	}
	return claims;
}

static bool is_proven(const struct investigation *investigation, const struct cause *cause,
		      size_t finding)
{
	CLEANUP(json) json_t *claims = claims_of_finding(investigation, cause, finding);
	const json_t *item;
	size_t i;

	json_array_foreach(claims, i, item) if (json_get_bool(item, "proven", false)) return true;
	return false;
}

bool claims_prove(const struct investigation *investigation, const struct cause *cause)
{
	size_t n_proven = 0;

	for (size_t clause = 0; clause < cause->n_clauses; clause++)
		for (size_t i = 0; i < cause->n_needed; i++)
			if (cause->needed[i].clause == clause &&
			    is_proven(investigation, cause, cause->needed[i].finding)) {
				n_proven++;
				break;
			}
	return n_proven == cause->n_clauses;
}
