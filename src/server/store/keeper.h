/*
 * The keeper: constable-store with the word "keep", a process that starts the owners of the
 * database. The server has it from the start, since behind its own walls it can start none.
 *
 * It reads nothing but one letter: start one, or kill the last one. An owner is a child of
 * the server, not of the keeper, and gets its end of a socket as standard input; the server
 * gets the other end. One keeper for the life of a server: without it there is no store.
 */
#pragma once

#include "base/error.h"

enum keeper_request {
	KEEPER_START = 's',
	KEEPER_KILL = 'k',
};

/* The answer: a pid or a negative errno; with KEEPER_START's pid comes a descriptor. */
struct keeper_answer {
	int32_t value;
};

struct keeper {
	pid_t pid; /* 0: none */
	int fd;
};

/* It inherits standard error, and of the environment HOME and PG*, for libpq. */
int keeper_open(struct keeper *keeper, const char *executables, struct error *err) MUST_CHECK;
void keeper_close(struct keeper *keeper);

/* The pid of a new owner, and our end of its socket. -EPIPE: the keeper is gone. Waits. */
pid_t keeper_start(const struct keeper *keeper, int *fd_out, struct error *err) MUST_CHECK;

/* Kills the owner that was started last, which nobody has reaped yet. */
void keeper_kill(const struct keeper *keeper);

/* Whether it has ended, for who finds its descriptor readable. */
bool keeper_is_gone(const struct keeper *keeper);
