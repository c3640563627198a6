/*
 * What each option of the commands means, in a sentence: for help, manual and completion.
 * Which command takes which stands in its usage (usage.h).
 */
#pragma once

struct option_help {
	const char *option;
	const char *command; /* whose option of that name is meant; NULL: all others' */
	const char *help;
};

extern const struct option_help option_helps[]; /* ends with a NULL option */

/* Never NULL: "" where nobody described it, which a test refuses. */
const char *option_help_find(const char *option, const char *command);
