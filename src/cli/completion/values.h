/* What may stand for "NAME", "TOOL", "FILE" and "15m" in a usage. */
#pragma once

#include "base/scan.h"
#include "cli/completion/candidates.h"

/* Which command's usage it is, and where there. */
struct values_place {
	const char *command, *verb;
	const char *tool; /* the word before, for a tool's arguments; or NULL */
	bool has_list;    /* the command has a verb "list" that knows the names */
};

void values_add(struct candidates *candidates, const struct values_place *place,
		struct str placeholder);

/* "--KEY" of the settings' key table, and its value. */
void values_add_setting(struct candidates *candidates, const struct config_key *key);
