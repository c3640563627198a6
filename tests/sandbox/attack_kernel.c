/* Attempts on the kernel's own doors. What would harm this machine if it got
 * through is asked for with arguments that can only fail behind the door. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/timex.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define RESULT(call) ((call) < 0 ? -errno : 0)

#define CALL(name, ...)                                             \
	int attempt_##name(const struct canary_facts *facts UNUSED) \
	{                                                           \
		return RESULT(__VA_ARGS__);                         \
	}

/* The door was open if the kernel went on to complain about the arguments. */
static int behind_door(long result)
{
	if (result >= 0)
		return 0;
	return errno == EINVAL || errno == EFAULT || errno == ENOENT || errno == ENOEXEC ||
			       errno == EBADF || errno == ENODEV
		       ? 0
		       : -errno;
}

#define DOOR(name, ...)                                             \
	int attempt_##name(const struct canary_facts *facts UNUSED) \
	{                                                           \
		return behind_door(syscall(__VA_ARGS__));           \
	}

DOOR(load_kexec, SYS_kexec_load, 0, 0x7fffffff, NULL, 0x7fffffff)
DOOR(load_module, SYS_finit_module, -1, "", 0)
DOOR(reboot_host, SYS_reboot, 0xfee1dead, 1, 0, NULL)
DOOR(swap_on, SYS_swapon, "/nonexistent", 0)
DOOR(account_processes, SYS_acct, "/nonexistent/file")
DOOR(control_quota, SYS_quotactl, 0x80000100, NULL, 0, NULL)
CALL(read_kernel_ring, syscall(SYS_syslog, 10, NULL, 0))
CALL(set_personality, syscall(SYS_personality, 0x0040000))
CALL(add_key, syscall(SYS_add_key, "user", "constable", "x", 1, -3))
CALL(join_session_keyring, syscall(SYS_keyctl, 1, NULL, 0, 0, 0))
CALL(set_up_userfaultfd, syscall(SYS_userfaultfd, 1))
CALL(make_secret_memory, syscall(447, 0))
CALL(mark_fanotify, syscall(SYS_fanotify_init, 0x200, 0))
CALL(become_root, syscall(SYS_setresuid, 0, 0, 0) < 0 || geteuid() != 0 || getuid() == 0 ? -1 : 0)

int attempt_load_bpf(const struct canary_facts *facts UNUSED)
{
	struct bpf_insn_words {
		uint64_t words[2];
	} program = { { 0x00000000000000b7, 0x0000000000000095 } };
	char license[] = "GPL";
	struct {
		uint32_t type, count;
		uint64_t insns, license;
		uint32_t log_level, log_size;
		uint64_t log;
		uint32_t version, flags;
	} attr = { 1, 2, (uintptr_t)&program, (uintptr_t)license, 0, 0, 0, 0, 0 };

	return RESULT(syscall(SYS_bpf, 5, &attr, sizeof(attr)));
}

int attempt_open_perf_event(const struct canary_facts *facts UNUSED)
{
	uint32_t attr[32] = { 1, 128 }; /* a software event, the CPU clock */

	attr[10] = 0x60; /* without kernel and hypervisor */
	return RESULT(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));
}

int attempt_set_up_io_uring(const struct canary_facts *facts UNUSED)
{
	char params[120] = { 0 };

	return RESULT(syscall(425, 4, params));
}

int attempt_set_host_name(const struct canary_facts *facts UNUSED)
{
	return RESULT(sethostname("constable-attack", 16));
}

/* To what it is already: nobody is to notice if it worked. */
int attempt_set_clock(const struct canary_facts *facts UNUSED)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return RESULT(syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
}

int attempt_adjust_clock(const struct canary_facts *facts UNUSED)
{
	struct timex now = { 0 };

	if (syscall(SYS_adjtimex, &now) < 0)
		return -errno;
	now.modes = ADJ_TICK;
	return RESULT(syscall(SYS_adjtimex, &now));
}

static int inject(unsigned long command, char byte)
{
	int r;

	(void)ioctl(STDERR_FILENO, 0x540e, 0); /* TIOCSCTTY: the terminal becomes ours */
	r = RESULT(syscall(SYS_ioctl, STDERR_FILENO, command, &byte));
	/* TIOCNOTTY: else our end would hang it up, and the host see nothing. */
	(void)ioctl(STDERR_FILENO, 0x5422);
	return r;
}

int attempt_inject_terminal(const struct canary_facts *facts UNUSED)
{
	return setsid() < 0 ? -errno : inject(0x5412, 'a');
}

int attempt_inject_terminal_high_bits(const struct canary_facts *facts UNUSED)
{
	return setsid() < 0 ? -errno : inject(0x100005412UL, 'b');
}

int attempt_paste_console(const struct canary_facts *facts UNUSED)
{
	char command = 3; /* paste the selection */

	return RESULT(ioctl(STDERR_FILENO, 0x541c, &command));
}

int attempt_set_groups(const struct canary_facts *facts UNUSED)
{
	gid_t root = 0;

	return RESULT(syscall(SYS_setgroups, 1, &root));
}

int attempt_raise_ambient(const struct canary_facts *facts UNUSED)
{
	return RESULT(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
}

int attempt_raise_capabilities(const struct canary_facts *facts UNUSED)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { ~0U, ~0U, 0 }, { 0x1ff, 0x1ff, 0 } };

	return RESULT(syscall(SYS_capset, &header, data));
}

int attempt_lower_nice(const struct canary_facts *facts UNUSED)
{
	return RESULT(setpriority(PRIO_PROCESS, 0, -5));
}

int attempt_become_realtime(const struct canary_facts *facts UNUSED)
{
	struct sched_param param = { .sched_priority = 1 };

	return RESULT(sched_setscheduler(0, SCHED_FIFO, &param));
}

int attempt_nest_filter_listener(const struct canary_facts *facts UNUSED)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	return RESULT(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 8, &program));
}

/* Each must be unknown, also to a kernel that is newer than we are. */
int attempt_call_unknown_numbers(const struct canary_facts *facts UNUSED)
{
	for (long number = 470; number <= 1000; number++)
		if (syscall(number, -1, -1, -1, -1, -1, -1) >= 0 || errno != ENOSYS)
			return 0;
	return -ENOSYS;
}
