/*
 * The signature under a change of another host, by whoever sits here: `constable approval sign`
 * makes it, with his own key, in a process of its own. Both take as long as a question to the
 * server.
 */
#pragma once

#include "cli/command.h"

/* Whether who is logged in here may sign that call, which waits for it. */
bool signed_may(const struct cli *cli, const char *call);
/* Signs it if this is its tool and these its arguments (hash_text()); else says why not on standard
 * error. */
bool signed_give(const struct cli *cli, const char *call, const char *tool,
		 const char *args_sha256);
