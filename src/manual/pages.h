/*
 * The pages of the manual, printed when the tree is built from the tables that the programs
 * themselves go by: commands and their usage, what options mean, the keys of configuration.
 */
#pragma once

#include "base/config.h"
#include "cli/command.h"

struct pages {
	const char *folder; /* "man": below it man1, man5, man8 */
	const char *date, *version;
};

/* Each writes its pages; an exit status. */
int pages_commands(const struct pages *pages);
int pages_programs(const struct pages *pages);
int pages_files(const struct pages *pages);

/* FOLDER/manSECTION/NAME.SECTION for writing, or NULL with a sentence on standard error. */
FILE *pages_open(const struct pages *pages, const char *name, unsigned section);
/* An exit status: 0, or 1 with a sentence where it could not all be written. */
int pages_close(FILE *out, const char *name);
