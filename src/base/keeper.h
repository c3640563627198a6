/*
 * The keeper: constable-keeper, a process that starts one other program when it is asked to. Who
 * raises walls behind which it can start nothing has one from before, for each such program.
 *
 * It reads nothing but one letter: start one, or kill the last one. What it starts is a child of
 * who asked, not of the keeper, and gets its end of a socket as standard input; who asked gets
 * the other end. The program is the file that was there when the keeper was, also after an
 * upgrade has replaced it, and has no arguments.
 */
#pragma once

#include "base/error.h"

/* Answered by fd_pass(): a pid or a negative errno; with the pid of a start comes its socket. */
enum keeper_request {
	KEEPER_START = 's',
	KEEPER_KILL = 'k',
};

struct keeper {
	const char *program;
	pid_t pid; /* 0: none */
	int fd;
};

struct keeper_config {
	const char *executables; /* the folder of both programs */
	const char *program;     /* "constable-store"; a constant */

	/* What it inherits of our environment: how variables begin; NULL at the end. Or NULL. */
	const char *const *variables;
};

/* It inherits standard error, and dies with us. */
int keeper_open(struct keeper *keeper, const struct keeper_config *config,
		struct error *err) MUST_CHECK;
void keeper_close(struct keeper *keeper);

/* The pid of a new process, and our end of its socket. -EPIPE: the keeper is gone. Waits. */
pid_t keeper_start(const struct keeper *keeper, int *fd_out, struct error *err) MUST_CHECK;

/* Kills the process that was started last, which nobody has reaped yet. */
void keeper_kill(const struct keeper *keeper);

/* Whether it has ended, for who finds its descriptor readable. */
bool keeper_is_gone(const struct keeper *keeper);
