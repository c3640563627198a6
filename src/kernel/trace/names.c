#include "kernel/trace/names.h"

#include <string.h>
#include <sys/syscall.h>

static const struct {
	int number;
	const char *name;
} syscalls[] = {
#include "kernel_syscalls.inc"
};

const char *names_syscall(int64_t number)
{
	for (size_t i = 0; i < ARRAY_LEN(syscalls); i++)
		if (syscalls[i].number == number)
			return syscalls[i].name;
	return NULL;
}

int names_find_syscall(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(syscalls); i++)
		if (strcmp(syscalls[i].name, name) == 0)
			return syscalls[i].number;
	return -1;
}

/* include/linux/interrupt.h; /proc/softirqs says the same. */
const char *names_softirq(int64_t number)
{
	static const char *const names[] = {
		"HI",       "TIMER",   "NET_TX", "NET_RX",  "BLOCK",
		"IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU",
	};

	return number >= 0 && number < (int64_t)ARRAY_LEN(names) ? names[number] : NULL;
}
