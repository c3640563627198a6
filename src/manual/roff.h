/*
 * A manual page in man(7), written to a stream: titles, sections, text, lists.
 *
 * Texts are ours, plain, and become plain in the page: nothing in them is a macro or an escape.
 */
#pragma once

#include <stdio.h>

#include "base/scan.h"

struct roff {
	FILE *out;
	unsigned column; /* of the text that flows */
};

struct roff_title {
	const char *name; /* "constable-ask" */
	unsigned section;
	const char *summary; /* without a full stop */
	const char *date;    /* "2026-11-29" */
	const char *version;
};

void roff_begin(struct roff *roff, const struct roff_title *title);
void roff_section(struct roff *roff, const char *title);

/* Words that flow. */
void roff_text(struct roff *roff, const char *text);
/* As help writes: lines that flow, blank ones between paragraphs, indented ones as they are. */
void roff_help(struct roff *roff, const char *text);
void roff_paragraph(struct roff *roff);
/* One line of how to call it; 'name' in bold. */
void roff_synopsis(struct roff *roff, const char *name, struct str arguments);
/* A term; its text follows. */
void roff_term(struct roff *roff, const char *term, struct str value);
/* "name(8), other(5)". */
void roff_see(struct roff *roff, const char *const *names);
