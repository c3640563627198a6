/*
 * A kernel that fails on demand, for tests of what must survive it: the calls
 * that change files count, and one of them fails, does half its work or is the
 * process's last. Linking faulty_kernel.c puts its calls in the place of libc's.
 */
#pragma once

#include "base/base.h"

enum fault_kind {
	FAULT_NONE,
	FAULT_ERROR,      /* the call fails with EIO */
	FAULT_KILL,       /* the process ends before the call */
	FAULT_KILL_AFTER, /* and after it */
	FAULT_HALF,       /* a write does half its work, then the process ends */
	FAULT_FULL,       /* from here on the disk is full */
};

/* What is to happen at which call; set it, and n_calls to 0, right before the work. */
struct faulty_kernel {
	enum fault_kind kind;
	int at, n_calls;
	off_t room; /* FAULT_FULL: what was allocated before */
};

extern struct faulty_kernel fault;
