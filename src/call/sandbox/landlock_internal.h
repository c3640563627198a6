/*
 * Landlock: what a job may do to files, TCP ports and processes, whatever its
 * mounts and credentials say. It also makes every process outside
 * un-ptraceable, so /proc/PID/{fd,exe,cwd,root,mem,environ} stay shut.
 *
 * Not covered by any version so far: UDP, pathname unix sockets, chmod, chown,
 * utimes, extended attributes, locks; other walls hold those.
 */
#pragma once

#include "call/sandbox/rules_internal.h"

/* The kernel's version of it; 0 where it has none. */
int landlock_abi(uint32_t features_off);

struct land_request {
	enum land_kind kind;
	int abi;
	const struct target *target; /* its TCP ports may be connected to; NULL: none */
	const char *const *roots; /* of LAND_ROOTS and _SERVER: what may be read, NULL at the end */
	const char *const *programs; /* of LAND_AGENT: what may be run, NULL at the end */
	const char *const *folders;  /* of LAND_AGENT and _SERVER: where it may write, as roots */
	int executable_fd;           /* what is to be executed, wherever it lies; or -1 */
};

/* Restricts this process for good. 0 or a negative errno. */
int landlock_restrict(const struct land_request *request) MUST_CHECK;
