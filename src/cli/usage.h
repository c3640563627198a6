/*
 * What a command's usage says, taken apart: its verbs, and what stands behind each.
 *
 * A usage has one form a line: "list [--state open|all] [--json]\nshow NAME [--json]". A form
 * begins with a verb where its first word is in lower case ("create|edit" are two). "[x]" may be
 * left out, "x | y" between brackets is one of them, "..." repeats. "--name" or "--name VALUE" is
 * an option, anything else a word: "show" as it is, "a|b" one of these, "NAME" what a person
 * fills in. Help, manual and completion all read it here.
 */
#pragma once

#include "base/scan.h"

#define USAGE_MAX_ITEMS 40

struct usage_item {
	struct str option; /* "--state"; empty: a word */
	struct str value;  /* the option's value, empty where it takes none; or the word */
	unsigned place;    /* of a word: which one behind the verb, from 0 */
	bool repeats;
};

struct usage_form {
	struct str line;
	struct str verb; /* or empty */
	struct usage_item items[USAGE_MAX_ITEMS];
	unsigned n;
};

/* The next form of a usage that '*at' points into; false at its end. Usages are ours: a bad one
 * aborts. */
bool usage_next(const char **at, struct usage_form *form_out);

/* The options of all its forms, each once, by name; how many. */
#define USAGE_MAX_OPTIONS 40
unsigned usage_options(const char *usage, struct str options_out[USAGE_MAX_OPTIONS]);

/* The next of "a|b|c"; false at the end. */
bool usage_choice(struct str *choices, struct str *one_out);
bool usage_has(struct str choices, const char *word);

/* Whether a person fills it in: "NAME", not "list". */
bool usage_is_placeholder(struct str word);
