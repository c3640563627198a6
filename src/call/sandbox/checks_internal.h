/* The argument checks of a system call filter, as blocks of BPF behind labels. */
#pragma once

#include "call/sandbox/assembler_internal.h"

enum check {
	CHECK_ALLOW,
	CHECK_EPERM,
	CHECK_ENOSYS,
	CHECK_CLONE,
	CHECK_IOCTL,
	CHECK_FCNTL,
	CHECK_PRCTL,
	CHECK_OWN_PID, /* first argument: a pid, only 0 */
	CHECK_SOCKET,
	CHECK_SOCKETPAIR,
	CHECK_OPEN,   /* flags in the second argument: nothing that writes */
	CHECK_OPENAT, /* in the third */
	CHECK_SYSLOG, /* only reads */
	CHECK_THREAD, /* no other process */
	CHECK_N,
};

/* Emits every block; labels[check] is where its search jumps to. */
void checks_add(struct assembler *code, unsigned calls, const unsigned labels[CHECK_N]);
