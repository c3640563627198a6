/* Attempts by doors that only this architecture has. */
#include "attack.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

/* In a child: a filter may kill for it. */
static int survives(void (*act)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		act();
		_exit(1);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EPERM;
}

static void call_32_bit(void)
{
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory"); /* getpid */
	if (result > 0)
		_exit(0);
}

int attempt_call_32_bit(const struct canary_facts *facts UNUSED)
{
	return survives(call_32_bit);
}

int attempt_call_x32(const struct canary_facts *facts UNUSED)
{
	return syscall(0x40000000 + SYS_getpid) > 0 ? 0 : -errno;
}

int attempt_raise_io_privilege(const struct canary_facts *facts UNUSED)
{
	return syscall(SYS_iopl, 3) == 0 || syscall(SYS_ioperm, 0x80, 1, 1) == 0 ? 0 : -errno;
}

int attempt_modify_descriptor_table(const struct canary_facts *facts UNUSED)
{
	char table[64];

	return syscall(SYS_modify_ldt, 0, table, sizeof(table)) < 0 ? -errno : 0;
}
