#include "investigation/injection.h"

#include <stdlib.h>
#include <string.h>

#include "investigation/injection_fold.h"
#include "investigation/injection_phrases.h"

#define TEXT_MAX_BYTES (256 * KIB) /* of one string; longer ones are looked at in pieces */
#define OVERLAP_BYTES 512
#define MAX_DEPTH 2 /* of what is encoded in what is encoded */
#define GAP_BYTES 48
#define LEAST_BYTES 8
#define NO_PHRASE 0xffff

/* Phrases by their first two bytes, so that a text is passed once. */
struct index {
	uint16_t first[65536];
	uint16_t next[512];
};

static unsigned key_of(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static struct index *index_new(void)
{
	struct index *index = malloc(sizeof(*index));

	if (!index)
		abort();
	memset(index, 0xff, sizeof(*index));
	for (uint16_t i = 0; i < injection_n_phrases; i++) {
		unsigned key = key_of(injection_phrases[i].text);

		index->next[i] = index->first[key];
		index->first[key] = i;
	}
	return index;
}

/* The parts of a phrase, with at most a short gap at each star. */
static bool matches(const char *at, const char *end, const char *phrase)
{
	size_t n = strcspn(phrase, "*");

	if ((size_t)(end - at) < n || memcmp(at, phrase, n) != 0)
		return false;
	for (phrase += n, at += n; *phrase == '*'; phrase += n) {
		size_t left = (size_t)(end - at);
		const char *found;

		phrase++;
		n = strcspn(phrase, "*");
		left = left < n + GAP_BYTES ? left : n + GAP_BYTES;
		found = memmem(at, left, phrase, n);
		if (!found)
			return false;
		at = found + n;
	}
	return true;
}

static const char *search(const struct index *index, const struct buf *text, bool is_spaced)
{
	const char *end = buf_text(text) + text->len;

	for (const char *at = buf_text(text); at + 1 < end; at++)
		for (uint16_t i = index->first[key_of(at)]; i != NO_PHRASE; i = index->next[i])
			if (injection_phrases[i].is_spaced == is_spaced &&
			    matches(at, end, injection_phrases[i].text))
				return injection_phrases[i].what;
	return NULL;
}

static const char *find(const struct index *index, struct str text, unsigned depth);

static const char *find_decoded(const struct index *index, struct str text, unsigned depth)
{
	CLEANUP(buf) struct buf decoded = { 0 };

	if (depth == MAX_DEPTH)
		return NULL;
	buf_init(&decoded, 2 * TEXT_MAX_BYTES);
	injection_decode(text, &decoded);
	return decoded.len ? find(index, (struct str) { decoded.data, decoded.len }, depth + 1)
			   : NULL;
}

static const char *find(const struct index *index, struct str text, unsigned depth)
{
	const char *what = NULL;

	for (int fold = FOLD_SPACED; fold <= FOLD_REVERSED && !what; fold++) {
		CLEANUP(buf) struct buf folded = { 0 };

		buf_init(&folded, 4 * TEXT_MAX_BYTES);
		injection_fold(text, (enum fold)fold, &folded);
		what = search(index, &folded, fold == FOLD_SPACED);
	}
	return what ? what : find_decoded(index, text, depth);
}

static const char *find_in_pieces(const struct index *index, struct str text)
{
	const char *what = NULL;

	if (text.len < LEAST_BYTES)
		return NULL;
	for (size_t at = 0; at < text.len && !what; at += TEXT_MAX_BYTES) {
		size_t len = text.len - at;

		if (len > TEXT_MAX_BYTES + OVERLAP_BYTES)
			len = TEXT_MAX_BYTES + OVERLAP_BYTES;
		what = find(index, (struct str) { text.data + at, len }, 0);
	}
	return what;
}

const char *injection_find(struct str text)
{
	struct index *index = index_new();
	const char *what = find_in_pieces(index, text);

	free(index);
	return what;
}

struct hunt {
	const struct index *index;
	const struct evidence *evidence;
	json_t *warnings;
};

static size_t excerpt_len(struct str text)
{
	size_t len = text.len < INJECTION_EXCERPT_BYTES ? text.len : INJECTION_EXCERPT_BYTES;

	while (len && len < text.len && ((unsigned char)text.data[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void hunt_text(const struct hunt *hunt, struct str text)
{
	const char *what = find_in_pieces(hunt->index, text);

	if (what && json_array_size(hunt->warnings) < INJECTION_MAX_WARNINGS)
		json_push(hunt->warnings,
			  json_pack("{s:s, s:s, s:s, s:s, s:o}", "kind", "injection", "evidence",
				    hunt->evidence->id, "tool", hunt->evidence->tool, "what", what,
				    "excerpt", json_text(text.data, excerpt_len(text))));
}

static void hunt_value(const struct hunt *hunt, const json_t *value)
{
	const char *key;
	json_t *member;
	size_t i;

	if (json_is_string(value))
		hunt_text(hunt,
			  (struct str) { json_string_value(value), json_string_length(value) });
	json_array_foreach(value, i, member) hunt_value(hunt, member);
	json_object_foreach((json_t *)value, key, member)
	{
		hunt_text(hunt, (struct str) { key, strlen(key) });
		hunt_value(hunt, member);
	}
}

json_t *injection_warnings(const struct ledger *ledger)
{
	struct index *index = index_new();
	struct hunt hunt = { .index = index, .warnings = json_array() };

	for (size_t i = 0; i < ledger->n; i++) {
		hunt.evidence = &ledger->items[i];
		hunt_value(&hunt, hunt.evidence->result);
	}
	free(index);
	return hunt.warnings;
}
