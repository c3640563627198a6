/* The process that owns the database, seen from the server: a pid and a socket to it. */
#pragma once

#include <event2/bufferevent.h>

#include "base/keeper.h"

struct child {
	pid_t pid; /* 0: none, or reaped */
	struct bufferevent *stream;
};

/* Starts what starts constable-store; see base/keeper.h. */
int child_open_keeper(struct keeper *keeper, const char *executables, struct error *err) MUST_CHECK;

int child_start(struct child *child, struct event_base *base, const struct keeper *keeper,
		struct error *err) MUST_CHECK;

/* The size of the message in front of what it said, 0 while that is not there whole. */
size_t child_next_message(const struct child *child);

/* Kills it and closes the socket. */
void child_kill(struct child *child, const struct keeper *keeper);

/* Whether it is gone for good; never waits. */
bool child_reap(struct child *child);

/* Lets it finish what it has, for at most so long; then kills it. Waits. */
void child_finish(struct child *child, const struct keeper *keeper, uint64_t patience_ns);
