/*
 * A conversation on a terminal: questions one after another, with line editing
 * and a history (STATE/history, 0600). A few words are commands about the last
 * report; `help` lists them; quit, exit or Ctrl-D end it.
 */
#pragma once

#include "cli/ask/inquiry.h"

/* 'inquiry' has the options for every question. Returns an exit status. */
int interactive_run(struct cli *cli, const struct inquiry *inquiry);
