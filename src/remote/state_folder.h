/* The state folder of a host that an agent lives on. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

/*
 * Lets other users, such as the agent's, pass through to what is theirs in it, and see
 * nothing more than they could before.
 */
int state_folder_let_pass(const char *state, struct error *err) MUST_CHECK;

/*
 * Makes a folder of the state where it is missing, 0700, and gives it to that user with the
 * files in it, if it was root's: an agent that once ran as root left it so. -EPERM for a folder of
 * somebody else. For root.
 */
int state_folder_give(const char *folder, uid_t uid, gid_t gid, struct error *err) MUST_CHECK;
