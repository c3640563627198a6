/*
 * Programs that `constable up` keeps running beside itself: each with a log of its
 * own, ended in the reverse order of their start.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

#define HELPERS_MAX 4
#define HELPER_PATH_BYTES 4096
#define HELPER_END_NS (10 * NS_PER_SEC) /* from SIGTERM to SIGKILL */

struct helper {
	const char *name; /* "constable-server" */
	pid_t pid;
	char log[HELPER_PATH_BYTES];
};

struct helpers {
	const char *executables;
	const char *logs; /* folder of the logs */
	struct helper list[HELPERS_MAX];
	unsigned n;
};

struct helper_user {
	uid_t uid;
	gid_t gid;
	bool is_other; /* than ours: become it first */
};

/* 'argv' begins with the program's name and ends with NULL. It dies with us. */
int helpers_start(struct helpers *helpers, const char *const *argv, const struct helper_user *user,
		  struct error *err) MUST_CHECK;

/* -ECHILD, with the last line of its log, if one has ended by itself. */
int helpers_check(struct helpers *helpers, struct error *err) MUST_CHECK;

/* Ends them all and waits. */
void helpers_stop(struct helpers *helpers);
