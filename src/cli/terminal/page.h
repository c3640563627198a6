/*
 * A page: a stream of lines for people.
 *
 * Everything that is added is escaped (escape.h), also our own words, so that no
 * text from a host can begin a line, colour one or rewrite what stands there;
 * only page_end() ends a line. Colours and wrapping where the stream is a
 * terminal; in a pipe plain text, one line a paragraph.
 */
#pragma once

#include <stdio.h>

#include "cli/terminal/escape.h"

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,
	STYLE_FAINT,
	STYLE_GOOD,
	STYLE_WARN,
	STYLE_BAD,
	STYLE_NAME, /* of a tool, a cause, a command */
};

enum colour {
	COLOUR_AUTO, /* on a terminal, unless NO_COLOR is set or TERM is dumb */
	COLOUR_ALWAYS,
	COLOUR_NEVER,
};

#define PAGE_UNWRAPPED 100000
#define PAGE_WIDTH_MAX 120 /* longer lines are hard to read */

struct page {
	FILE *stream;
	enum charset charset;
	unsigned width; /* columns, PAGE_UNWRAPPED in a pipe */
	bool has_colours;

	/* private */
	unsigned column;
};

/* Finds out what the stream can do. setlocale() was called before. */
void page_init(struct page *page, FILE *stream, enum colour colour);

/* On the current line, never wrapped. */
void page_add(struct page *page, enum style style, const char *format, ...) PRINTF_LIKE(3, 4);

/* Blanks up to a column; one at least if the line is already there. */
void page_to(struct page *page, unsigned column);

/* Wraps from here on; further lines begin at 'indent'. Does not end the last one. */
void page_flow(struct page *page, enum style style, unsigned indent, const char *text);
void page_flow_format(struct page *page, enum style style, unsigned indent, const char *format, ...)
	PRINTF_LIKE(4, 5);

void page_end(struct page *page);

/* Lines of a foreign program as they are, save what would steer the terminal. */
void page_lines(struct page *page, const char *text);

/* An empty line, then a title of its own line. */
void page_title(struct page *page, const char *title);
