/*
 * The starter: constable-investigator with the word "start", a process that starts
 * investigators for one that cannot, or would rather not, start any itself.
 *
 * It reads the knowledge once, then forks: an investigator is there in a millisecond, shares
 * what was read, and stands behind its walls before it hears a byte. The starter itself reads
 * nothing but numbers. When its owner goes away it ends, and with it every investigator.
 */
#pragma once

#include "base/error.h"

#define STARTER_MAX_CHILDREN 1024

enum starter_word {
	STARTER_BEGIN = 'b', /* answered by fd_pass(): 0 and the channel, or -EBUSY, -EAGAIN ... */
	STARTER_END = 'e',   /* kill that one; not answered */
};

struct starter_request {
	uint64_t id; /* the owner's name for it; not that of one that has not been ended */
	uint32_t word;
};

struct starter {
	pid_t pid; /* 0: none */
	int fd;
};

/* Its environment is empty; it inherits standard error. Waits until it is ready. */
int starter_open(struct starter *starter, const char *executables, struct error *err) MUST_CHECK;
/* Ends it with all its investigators. */
void starter_close(struct starter *starter);

/* One more; 'fd_out' is our end of its channel. -EPIPE: the starter is gone. */
int starter_begin(const struct starter *starter, uint64_t id, int *fd_out,
		  struct error *err) MUST_CHECK;
/* To be said once of each, also of one that has ended by itself. */
void starter_end(const struct starter *starter, uint64_t id);

/* Whether it has ended, for who finds its descriptor readable. */
bool starter_is_gone(const struct starter *starter);

/* The other side: says that it is good; what is asked from now on may wait a little. */
int starter_say_ready(int owner, struct error *err) MUST_CHECK;
/*
 * Serves 'owner' until it is gone. Returns 1 in each child, with its channel
 * as descriptor 3 and nothing else but standard error; 0 at the end, or a negative errno.
 */
int starter_serve(int owner, struct error *err) MUST_CHECK;
