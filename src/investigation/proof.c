#include "investigation/proof.h"

#include <string.h>

#include "investigation/injection.h"

static const struct evidence *find(const struct ledger *ledger, const char *id)
{
	for (size_t i = 0; i < ledger->n; i++)
		if (strcmp(ledger->items[i].id, id) == 0)
			return &ledger->items[i];
	return NULL;
}

/* As the inside of a JSON string, without its quotes. */
static bool stands_escaped(const struct evidence *evidence, const char *quote)
{
	CLEANUP(json) json_t *value = json_text(quote, strlen(quote));
	CLEANUP(text) char *text = json_canonical(value);
	size_t len = strlen(text);

	text[len - 1] = '\0';
	return evidence_has_quote(evidence, text + 1);
}

/* A model that was shown a \\u escape (fence.h) may quote it as it saw it. */
static bool stands(const struct evidence *evidence, const char *quote)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *list = NULL;
	CLEANUP(text) char *text = NULL;

	if (evidence_has_quote(evidence, quote) || stands_escaped(evidence, quote))
		return true;
	if (!strstr(quote, "\\u") || asprintf(&text, "[\"%s\"]", quote) < 0)
		return false;
	list = json_parse(text, strlen(text), 8 * PROOF_QUOTE_MAX_BYTES, &err);
	return list && stands_escaped(evidence, json_string_value(json_array_get(list, 0)));
}

const char *proof_fault(const struct ledger *ledger, const json_t *claim)
{
	const struct evidence *evidence = find(ledger, json_get_text(claim, "evidence", ""));
	const char *quote = json_get_text(claim, "quote", "");
	size_t len = strlen(quote);

	if (!evidence)
		return "there is no such evidence";
	if (!evidence->result)
		return "that call brought no evidence";
	if (len < PROOF_QUOTE_MIN_BYTES)
		return "the quote is too short to prove anything";
	if (len > PROOF_QUOTE_MAX_BYTES)
		return "the quote is too long";
	if (!stands(evidence, quote))
		return "the quote is not in that evidence";
	if (injection_find((struct str) { quote, len }))
		return "the quote is an instruction to the reader, not an observation";
	return NULL;
}

json_t *proof_claims(const struct ledger *ledger, const json_t *claims)
{
	json_t *list = json_array();
	const json_t *claim;
	size_t i;

	json_array_foreach(claims, i, claim)
	{
		const char *fault = proof_fault(ledger, claim);
		const char *says = json_get_text(claim, "says", "");
		const char *quote = json_get_text(claim, "quote", "");
		const char *id = json_get_text(claim, "evidence", "");
		json_t *item = json_pack(
			"{s:o, s:o, s:o, s:b, s:f}", "says", json_text(says, strlen(says)),
			"evidence", json_text(id, strlen(id)), "quote",
			json_text(quote, strlen(quote)), "proven", fault == NULL, "weight", 1.0);

		if (fault)
			json_put(item, "why", json_string(fault));
		json_push(list, item);
		if (i + 1 == PROOF_MAX_CLAIMS)
			break;
	}
	return list;
}

size_t proof_count(const json_t *claims)
{
	const json_t *claim;
	size_t i, n = 0;

	json_array_foreach(claims, i, claim) n += json_get_bool(claim, "proven", false);
	return n;
}
