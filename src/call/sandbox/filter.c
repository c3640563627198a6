#include "call/sandbox/filter_internal.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "call/sandbox/calls_internal.h"
#include "call/sandbox/checks_internal.h"

/* What happens to each number: an action or one of the checks. */
struct verdicts {
	uint8_t of[CALLS_KNOWN + 1];
};

static void set_all(struct verdicts *verdicts, const int *calls, enum check verdict)
{
	for (; *calls >= 0; calls++)
		if (*calls <= CALLS_KNOWN)
			verdicts->of[*calls] = verdict;
}

static void set_one(struct verdicts *verdicts, int call, enum check verdict)
{
	if (call >= 0 && call <= CALLS_KNOWN)
		verdicts->of[call] = verdict;
}

/* The checks of every profile but 'full', which changes the host anyway. */
static void set_checks(struct verdicts *verdicts, unsigned calls)
{
	set_one(verdicts, SYS_ioctl, CHECK_IOCTL);
	set_one(verdicts, SYS_fcntl, CHECK_FCNTL);
	set_one(verdicts, SYS_prctl, CHECK_PRCTL);
	set_one(verdicts, SYS_prlimit64, CHECK_OWN_PID);
	set_one(verdicts, SYS_socketpair, CHECK_SOCKETPAIR);
	set_one(verdicts, SYS_socket, CHECK_SOCKET);
	if (calls & CALLS_BROKER) {
		set_all(verdicts, calls_fork_of_arch, CHECK_EPERM);
		set_one(verdicts, SYS_openat, CHECK_OPENAT);
		set_one(verdicts, calls_open_of_arch, CHECK_OPEN);
		set_one(verdicts, SYS_openat2, CHECK_ENOSYS);
		set_one(verdicts, SYS_syslog, CHECK_SYSLOG);
		/* To read the clock's state; to set it takes a capability it has not. */
		set_one(verdicts, SYS_adjtimex, CHECK_ALLOW);
		set_one(verdicts, SYS_clock_adjtime, CHECK_ALLOW);
	}
}

static void judge(struct verdicts *verdicts, unsigned calls)
{
	memset(verdicts->of, calls & CALLS_HOST ? CHECK_ALLOW : CHECK_EPERM, sizeof(verdicts->of));
	set_all(verdicts, calls_hostile, CHECK_EPERM);
	set_all(verdicts, calls_hostile_of_arch, CHECK_EPERM);
	set_all(verdicts, calls_base, CHECK_ALLOW);
	set_all(verdicts, calls_base_of_arch, CHECK_ALLOW);
	if (calls & CALLS_METADATA) {
		set_all(verdicts, calls_metadata, CHECK_ALLOW);
		set_all(verdicts, calls_metadata_of_arch, CHECK_ALLOW);
	}
	if (calls & CALLS_PROCESS)
		set_all(verdicts, calls_process, CHECK_ALLOW);
	if (calls & (CALLS_CONNECT | CALLS_UNIX))
		set_all(verdicts, calls_connect, CHECK_ALLOW);
	if (calls & CALLS_AGENT)
		set_all(verdicts, calls_agent, CHECK_ALLOW);
	if (calls & CALLS_LOCK)
		set_all(verdicts, calls_lock, CHECK_ALLOW);
	if (calls & CALLS_TRACE)
		set_all(verdicts, calls_trace, CHECK_ALLOW);
	if (!(calls & CALLS_HOST))
		set_checks(verdicts, calls);
	set_one(verdicts, SYS_clone3, CHECK_ENOSYS);
	if (calls & CALLS_STILL) {
		set_all(verdicts, calls_acquire, CHECK_EPERM);
		set_all(verdicts, calls_acquire_of_arch, CHECK_EPERM);
	}
	if (calls & CALLS_KEEP)
		set_all(verdicts, calls_keep, CHECK_ALLOW);
	set_one(verdicts, SYS_clone,
		calls & (CALLS_BROKER | CALLS_STILL) ? CHECK_EPERM : CHECK_CLONE);
}

/* --- the tree over ranges of numbers with the same verdict ------------------------- */

struct range {
	uint16_t first;
	uint8_t verdict;
};

static unsigned find_ranges(const struct verdicts *verdicts, struct range *ranges)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= CALLS_KNOWN; i++)
		if (i == 0 || verdicts->of[i] != verdicts->of[i - 1])
			ranges[n++] = (struct range) { (uint16_t)i, verdicts->of[i] };
	ranges[n++] = (struct range) { CALLS_KNOWN + 1, CHECK_ENOSYS };
	return n;
}

/*
 * Binary, and not one comparison after the other: the kernel runs the filter
 * once per number when it is installed, to learn which are always allowed.
 */
static void add_search(struct assembler *code, const struct range *ranges, unsigned n,
		       const unsigned labels[CHECK_N])
{
	unsigned upper;

	if (n == 1) {
		assembler_jump(code, labels[ranges->verdict]);
		return;
	}
	upper = assembler_label(code);
	assembler_jump_if(code, BPF_JGE, ranges[n / 2].first, upper);
	add_search(code, ranges, n / 2, labels);
	assembler_mark(code, upper);
	add_search(code, ranges + n / 2, n - n / 2, labels);
}

int filter_build(struct assembler *code, unsigned calls)
{
	struct range ranges[CALLS_KNOWN + 2];
	struct verdicts verdicts;
	unsigned labels[CHECK_N], native, n;

	judge(&verdicts, calls);
	n = find_ranges(&verdicts, ranges);
	assembler_init(code);
	for (unsigned i = 0; i < CHECK_N; i++)
		labels[i] = assembler_label(code);
	native = assembler_label(code);
	assembler_load(code, offsetof(struct seccomp_data, arch));
	assembler_jump_if(code, BPF_JEQ, calls_audit_arch, native);
	assembler_return(code, SECCOMP_RET_KILL_PROCESS);
	assembler_mark(code, native);
	assembler_load(code, offsetof(struct seccomp_data, nr));
	add_search(code, ranges, n, labels);
	checks_add(code, calls, labels);
	return assembler_finish(code);
}

int filter_install(const struct sock_fprog *program)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, program) < 0 ? -errno : 0;
}
