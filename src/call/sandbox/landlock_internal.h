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

/* Restricts this process for good. 'target' (may be NULL) lists TCP ports that
 * may be connected to. 0 or a negative errno. */
int landlock_restrict(enum land_kind kind, const struct target *target, int abi) MUST_CHECK;
