#include "kernel/trace/registers_internal.h"

#include <errno.h>

/* struct pt_regs of arch/x86/include/asm/ptrace.h, which user space has as struct user_regs_struct:
 * r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax. */
int registers_argument(unsigned number)
{
	static const int offsets[] = { 112, 104, 96, 88, 72, 64 };

	return number < ARRAY_LEN(offsets) ? offsets[number] : -ENOENT;
}

/* The fourth goes into r10, since the system call instruction takes cx. */
int registers_syscall_argument(unsigned number)
{
	return number == 3 ? 56 : registers_argument(number);
}

const int registers_syscall = 120;
const int registers_return = 80;
