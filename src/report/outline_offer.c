/* What became of a remedy that was offered (server/inquiry/remedy.h). */
#include <string.h>

#include "report/outline_internal.h"

static const struct {
	const char *state, *words;
} rows[] = {
	{ "awaiting-approval", "It waits for somebody to approve it" },
	{ "not-offered", "It is not offered" },
	{ "withdrawn", "It was withdrawn" },
};

/* What was made, or refused, has a sentence. */
void outline_add_offer(struct outline *outline, const json_t *offer)
{
	const char *sentence = json_get_text(offer, "sentence", "");
	const char *state = json_get_text(offer, "state", "");
	const char *why = json_get_text(offer, "why", json_get_text(offer, "investigation", ""));

	if (*sentence) {
		outline_add(outline, PIECE_ITEM, NULL, "%s", sentence);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].state, state) == 0)
			outline_add(outline, PIECE_ITEM, NULL, "%s: %s", rows[i].words, why);
}
