/* What text says that wants to be obeyed, in several languages. A table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct injection_phrase {
	const char
		*text; /* as injection_fold() writes it: no blanks unless is_spaced; '*' is a gap */
	const char *what;
	bool is_spaced;
};

extern const struct injection_phrase injection_phrases[];
extern const size_t injection_n_phrases; /* below 512 */
