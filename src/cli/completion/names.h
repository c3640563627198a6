/* Names that a command's own list has: agents, pipelines, incidents, cases ... */
#pragma once

#include "cli/completion/candidates.h"

/*
 * Runs "constable COMMAND list --json", for a second at most, and adds what its items are
 * called. Where that fails there are none: who is not logged in is not told so here.
 */
void names_add(struct candidates *candidates, const char *command);
