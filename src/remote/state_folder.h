/* The state folder of a host that an agent lives on. */
#pragma once

#include "base/error.h"

/*
 * Lets other users, such as the agent's, pass through to what is theirs in it, and see
 * nothing more than they could before.
 */
int state_folder_let_pass(const char *state, struct error *err) MUST_CHECK;
