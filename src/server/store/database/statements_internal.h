/*
 * The prepared statements of a connection, found by their text; bounded: a text
 * that finds its place full takes that of the one that came first.
 */
#pragma once

#include "base/base.h"

#define STATEMENTS_SETS 256
#define STATEMENTS_WAYS 4

struct statement {
	void *prepared; /* the driver's; NULL: an empty place */

	/* private */
	uint64_t hash;
	char *sql;
};

struct statements {
	/* private */
	struct statement places[STATEMENTS_SETS][STATEMENTS_WAYS];
	uint8_t next[STATEMENTS_SETS];
};

/* What is prepared for this text, or NULL. */
void *statements_find(const struct statements *statements, const char *sql);

/*
 * Keeps 'prepared' under a copy of the text. Returns what had to go for it, which
 * is the caller's again, or NULL.
 */
void *statements_add(struct statements *statements, const char *sql, void *prepared);

/* Takes out one after the other, for an end; NULL when none is left. */
void *statements_take(struct statements *statements);
