#include "kernel/trace/registers_internal.h"

#include <errno.h>

/* struct pt_regs of arch/arm64/include/asm/ptrace.h: x0 to x30, sp, pc, pstate, orig_x0, syscallno.
 */
int registers_argument(unsigned number)
{
	return number < 6 ? (int)(8 * number) : -ENOENT;
}

/* The result of a system call lands in x0, so its first argument is kept apart. */
int registers_syscall_argument(unsigned number)
{
	return number == 0 ? 272 : registers_argument(number);
}

const int registers_syscall = 280;
const int registers_return = 0;
