/* Where struct pt_regs has what; registers_ARCH.c knows. */
#pragma once

#include "base/base.h"

/* Offsets of a function's arguments; -ENOENT beyond the sixth. */
int registers_argument(unsigned number);
int registers_syscall_argument(unsigned number);

extern const int registers_syscall; /* the number of the system call */
extern const int registers_return;
