/*
 * The remedy of a proven cause, offered to the person at the terminal: tool, arguments, risk, what
 * undoes it and what is read again. A yes is meant for exactly these bytes; they go through the
 * gate like any call, which may want it approved, and then it is this person's approval or
 * signature.
 */
#pragma once

#include "cli/command.h"

/* Whether somebody sits there who may say yes: here root, of another host whoever may sign. */
bool remedy_can_be_offered(const struct cli *cli);

/* Shows it and waits for an answer; an empty line is a no. */
bool remedy_is_wanted(const struct cli *cli, const json_t *remedy);

/* Afterwards: EXIT_DONE where it was made and the cause is gone, and no status of a report else. */
enum exit_status remedy_status(const json_t *report);
