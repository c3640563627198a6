/*
 * The system call filter of a profile: an allow-list with checks of arguments.
 *
 * Other architecture: the process is killed. Number above CALLS_KNOWN: ENOSYS.
 * clone3: ENOSYS, since its flags lie in memory; clone with a namespace flag:
 * EPERM. fcntl: no locks, leases or notifications (ENOLCK), no owners. socket:
 * netlink route and sock_diag only, unless the profile connects. socketpair:
 * unix stream and seqpacket only, since a datagram end can be sent elsewhere.
 * Arguments of 32 bits are compared as such: a filter that looked at the high
 * half would be tricked by it (TIOCSTI + 2^32).
 */
#pragma once

#include "call/sandbox/assembler_internal.h"
#include "call/sandbox/rules_internal.h"

/* 'calls' is a set of enum call_set. 0, or the assembler's error. */
int filter_build(struct assembler *filter, unsigned calls) MUST_CHECK;

/* For good, and inherited. Needs no-new-privileges. 0 or a negative errno. */
int filter_install(const struct sock_fprog *program) MUST_CHECK;
