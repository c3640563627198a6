/* Programs that work for jobs, or for those that do: broker, loader, steward ... */
#pragma once

#include <sys/types.h>

/* Each behind walls of its own. */
enum helper {
	HELPER_BROKER,
	HELPER_LOADER,
	HELPER_STEWARD,
	HELPER_PROBER,
	HELPER_GUARDIAN, /* which the steward starts, and we only know */
	HELPER_COURIER, /* for the steward: its socket is its standard input, and it has no words */
	HELPER_N,
};

struct leaf;
struct serve;

const char *helper_name(enum helper helper);

/* It was killed and has not ended: says so, and leaves it to whoever reaps orphans. */
void helper_leave(enum helper helper, pid_t pid);

/* Runs one with '--fd N' on 'fd' and these words more, in 'leaf' unless that is NULL. Its pid, or
 * -1 with errno. */
#define HELPER_MAX_WORDS 20
pid_t start_helper(struct serve *serve, enum helper helper, struct leaf *leaf, int fd,
		   const char *const *more);
