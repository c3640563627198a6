/*
 * What could stand where somebody presses Tab.
 *
 * It comes from the tables that help comes from (command.h, usage.h, the settings), from the
 * catalogue for the names of tools and their arguments, and for names that only a list has from
 * that list's own command, which gets a second and no more.
 */
#pragma once

#include "cli/command.h"

/* Where the shell itself should look, too. */
enum candidates_also {
	CANDIDATES_ONLY,
	CANDIDATES_FILES,
	CANDIDATES_FOLDERS,
};

struct candidates {
	void (*add)(struct candidates *candidates, const char *word, const char *description);
	enum candidates_also also;
	const char *typed; /* only words that begin so are added; set by candidates_find() */
};

/*
 * For the last of the words, which may be unfinished or empty; the words stand behind
 * "constable".
 */
void candidates_find(struct candidates *candidates, int n, char **words);

/* Adds it if it begins as typed; 'description' may be "". */
void candidates_add(struct candidates *candidates, const char *word, const char *description);
