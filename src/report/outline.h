/*
 * What a message says, in the order of its weight, before it is written for one reader.
 *
 * The document is {"kind", "incident"?, "report"?, "appeal"?, "url"?}: an incident as the API has
 * it (incident.h: number, state, title, severity, alerts ...), a report as DESIGN.md section 9 has
 * it, what people are asked (server/inquiry/appeal.h), where the incident can be seen. Every member
 * may be missing or of a wrong type. Labels are our words; texts are anybody's and not yet escaped.
 */
#pragma once

#include "base/json.h"

#define OUTLINE_MAX_PIECES 400

enum outline_extent {
	OUTLINE_BRIEF, /* state, cause, its proof, what to do */
	OUTLINE_FULL,  /* and all else of the report */
};

enum piece_kind {
	PIECE_FACT,    /* label and text */
	PIECE_TEXT,    /* a paragraph */
	PIECE_HEADING, /* a label */
	PIECE_ITEM,    /* of the list under the last heading */
	PIECE_QUOTE,   /* of the item before: evidence as it was read, or a call */
	PIECE_NOTE,    /* an aside */
};

struct piece {
	enum piece_kind kind;
	const char *label; /* a constant, or NULL */
	char *text;        /* never NULL */
};

enum outline_mood {
	MOOD_BAD,
	MOOD_UNSURE,
	MOOD_GOOD,
};

struct outline {
	char *title;   /* never NULL */
	char *subject; /* the same, whatever the state; never NULL */
	enum outline_mood mood;
	const char *url; /* borrowed; NULL unless escape_is_url() */
	struct piece pieces[OUTLINE_MAX_PIECES];
	size_t n;
	size_t n_left_out; /* pieces beyond */
};

void outline_init(struct outline *outline, const json_t *document, enum outline_extent extent);
void outline_finish(struct outline *outline);
void outline_cleanup(struct outline *outline);
