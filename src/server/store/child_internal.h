/* The process constable-store, seen from the server: a pid and a socket to it. */
#pragma once

#include <event2/bufferevent.h>

#include "base/error.h"

struct child {
	pid_t pid; /* 0: none, or reaped */
	struct bufferevent *stream;
};

/* What it inherits is the socket, standard error, and of the environment HOME and PG*. */
int child_start(struct child *child, struct event_base *base, const char *executables,
		struct error *err) MUST_CHECK;

/* Kills it and closes the socket. */
void child_kill(struct child *child);

/* Whether it is gone for good; never waits. */
bool child_reap(struct child *child);

/* Lets it finish what it has, for at most so long; then kills it. Waits. */
void child_finish(struct child *child, uint64_t patience_ns);
