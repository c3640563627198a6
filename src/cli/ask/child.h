/* The constable-investigator process, in its three uses. */
#pragma once

#include "base/buf.h"
#include "cli/command.h"

/* One that investigates, its channel in 'fd_out'. The pid, or a negative errno. */
pid_t child_start(const struct cli *cli, int *fd_out, struct error *err);

/*
 * Runs it with one more option ("--replay FILE") and reads what it says: standard
 * output, and its last words where it fails. 0, or -EBADMSG if it did not end well.
 */
int child_run(const struct cli *cli, const char *option, const char *value, struct buf *output,
	      struct error *err) MUST_CHECK;
