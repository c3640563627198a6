/*
 * Options of a command, as a table: "--json", "--since 15m" or "--since=15m", in
 * any order with the plain words; "--" ends them. What is wrong becomes one
 * sentence that names the option.
 */
#pragma once

#include "base/error.h"

enum option_type {
	OPTION_SET,      /* value is int *: set to 1 */
	OPTION_TEXT,     /* const char ** */
	OPTION_DURATION, /* uint64_t *, in nanoseconds; never 0 */
	OPTION_COUNT,    /* uint64_t *, from 1 */
};

struct option_row {
	const char *name; /* "--since"; the table ends with NULL */
	enum option_type type;
	void *value;
};

#define OPTION_MAX_WORDS 64

/* What was left beside the options; borrowed from argv. */
struct words {
	const char *at[OPTION_MAX_WORDS];
	size_t n;
};

/* argv[0] is the command. 0, or -EINVAL with 'err'. */
int option_read(const struct option_row *rows, int argc, char **argv, struct words *words_out,
		struct error *err) MUST_CHECK;

/* The words with a blank between them. Heap text, never NULL. */
char *option_join(const struct words *words);
