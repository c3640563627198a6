/*
 * Every filter is run in a simulator over every number and the corner values of
 * its arguments, high halves included: what it answers is compared with what a
 * reader would say, who knows nothing of its code.
 */
#include "call/sandbox/filter_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/netlink.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/test.h"
#include "call/sandbox/calls_internal.h"

#define HIGH 0xdeadbeef00000000ULL
#define REFUSED(error) (SECCOMP_RET_ERRNO | (error))

static uint32_t simulate(const struct assembler *filter, const struct seccomp_data *data)
{
	uint32_t accumulator = 0;

	for (unsigned at = 0; at < filter->n; at++) {
		const struct sock_filter *code = &filter->code[at];
		bool holds;

		switch (code->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			CHECK(code->k % 4 == 0 && code->k < sizeof(*data));
			memcpy(&accumulator, (const char *)data + code->k, 4);
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			accumulator &= code->k;
			continue;
		case BPF_RET | BPF_K:
			return code->k;
		case BPF_JMP | BPF_JA:
			at += code->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			holds = accumulator == code->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			holds = accumulator >= code->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			holds = accumulator & code->k;
			break;
		default:
			fail_msg("code %#x is not simulated", code->code);
			return 0;
		}
		at += holds ? code->jt : code->jf;
	}
	fail_msg("the filter runs off its end");
	return 0;
}

static void build(struct assembler *filter, unsigned calls)
{
	CHECK_INT(filter_build(filter, calls), 0);
	CHECK(filter->n > 10 && filter->n < BPF_MAXINSNS);
}

static uint32_t ask(const struct assembler *filter, long number, uint64_t a, uint64_t b, uint64_t c)
{
	struct seccomp_data data = {
		.nr = (int)number,
		.arch = calls_audit_arch,
		.args = { a, b, c },
	};

	return simulate(filter, &data);
}

/* With either high half, which the kernel ignores for arguments of 32 bits. */
static void check_answer(const struct assembler *filter, long number, uint32_t a, uint32_t b,
			 uint32_t c, uint32_t expected)
{
	CHECK_INT(ask(filter, number, a, b, c), expected);
	CHECK_INT(ask(filter, number, HIGH | a, HIGH | b, HIGH | c), expected);
}

static bool is_listed(const int *calls, long number)
{
	for (; *calls >= 0; calls++)
		if (*calls == number)
			return true;
	return false;
}

static bool is_checked(long number)
{
	static const long checked[] = { SYS_ioctl,      SYS_fcntl,  SYS_prctl, SYS_prlimit64,
					SYS_socketpair, SYS_socket, SYS_clone, SYS_clone3 };

	for (size_t i = 0; i < ARRAY_LEN(checked); i++)
		if (checked[i] == number)
			return true;
	return false;
}

TEST(only_listed_calls_are_allowed_and_unknown_ones_do_not_exist)
{
	static struct assembler filter;

	build(&filter, 0);
	for (long number = 0; number <= 2048; number++) {
		bool listed =
			is_listed(calls_base, number) || is_listed(calls_base_of_arch, number);

		if (number <= CALLS_KNOWN && is_checked(number))
			continue;
		CHECK_INT(ask(&filter, number, HIGH, 1, HIGH | 2), number > CALLS_KNOWN
									   ? REFUSED(ENOSYS)
								   : listed ? SECCOMP_RET_ALLOW
									    : REFUSED(EPERM));
	}
	for (long number = 0x40000000; number < 0x40000400; number++) /* x32 */
		CHECK_INT(ask(&filter, number, 0, 0, 0), REFUSED(ENOSYS));
	CHECK_INT(ask(&filter, -1, 0, 0, 0), REFUSED(ENOSYS));
}

TEST(another_architecture_is_killed_for_any_call)
{
	static struct assembler filter;
	static const uint32_t others[] = { AUDIT_ARCH_I386, AUDIT_ARCH_ARM, AUDIT_ARCH_RISCV64, 0,
					   ~0U };

	build(&filter, 0);
	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		for (int number = 0; number < 600; number++) {
			struct seccomp_data data = { .nr = number, .arch = others[i] };

			CHECK(simulate(&filter, &data) == SECCOMP_RET_KILL_PROCESS);
		}
	}
}

TEST(hostile_calls_are_refused_in_every_profile_but_what_a_trace_needs)
{
	static struct assembler filter;

	for (unsigned profile = 0; profile < PROFILE_N; profile++) {
		unsigned calls = rules_of(profile)->calls;

		build(&filter, calls);
		for (const int *at = calls_hostile; *at >= 0; at++) {
			bool traced = calls & CALLS_TRACE && is_listed(calls_trace, *at);

			CHECK_INT(ask(&filter, *at, 0, 0, 0),
				  traced ? SECCOMP_RET_ALLOW : REFUSED(EPERM));
		}
		for (const int *at = calls_hostile_of_arch; *at >= 0; at++)
			CHECK_INT(ask(&filter, *at, 0, 0, 0), REFUSED(EPERM));
		CHECK_INT(ask(&filter, SYS_clone3, 0, 0, 0), REFUSED(ENOSYS));
	}
}

TEST(no_namespace_is_made_by_clone)
{
	static const uint32_t flags[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
					  CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
					  CLONE_NEWNET };
	static struct assembler filter;

	build(&filter, 0);
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		check_answer(&filter, SYS_clone, flags[i], 0, 0, REFUSED(EPERM));
		check_answer(&filter, SYS_clone, flags[i] | CLONE_VM | 17, 0, 0, REFUSED(EPERM));
	}
	check_answer(&filter, SYS_clone, 17, 0, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, 0,
		     SECCOMP_RET_ALLOW);
}

TEST(a_terminal_is_not_typed_into_whatever_the_high_half_says)
{
	static const uint32_t hostile[] = {
		0x5412, 0x541c, 0x541d, 0x5423, 0x40086602, 0xc0045877
	};
	static const uint32_t harmless[] = { 0x5401, 0x5413, 0x541b, 0, ~0U };
	static struct assembler filter;

	build(&filter, 0);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++)
		check_answer(&filter, SYS_ioctl, 2, hostile[i], 0, REFUSED(EPERM));
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		check_answer(&filter, SYS_ioctl, 2, harmless[i], 0, SECCOMP_RET_ALLOW);
}

TEST(nothing_of_the_host_is_locked)
{
	static const uint32_t locks[] = { F_SETLK,      F_SETLKW,   F_OFD_SETLK,
					  F_OFD_SETLKW, F_SETLEASE, F_NOTIFY };
	static const uint32_t harmless[] = { F_DUPFD, F_GETFD, F_SETFD,        F_GETFL,
					     F_SETFL, F_GETLK, F_DUPFD_CLOEXEC };
	static struct assembler filter;

	build(&filter, 0);
	for (size_t i = 0; i < ARRAY_LEN(locks); i++)
		check_answer(&filter, SYS_fcntl, 5, locks[i], 0, REFUSED(ENOLCK));
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		check_answer(&filter, SYS_fcntl, 5, harmless[i], 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_fcntl, 5, F_SETOWN, 1, REFUSED(EPERM));
	check_answer(&filter, SYS_fcntl, 5, F_SETOWN_EX, 1, REFUSED(EPERM));
	check_answer(&filter, SYS_fcntl, 5, 4711, 1, REFUSED(EPERM));
	CHECK_INT(ask(&filter, SYS_flock, 5, 2, 0), REFUSED(EPERM));
}

/* What a reader of the profile says about socket(family, type, protocol). */
static uint32_t expected_socket(unsigned calls, uint32_t family, uint32_t type, uint32_t protocol)
{
	bool connects = (calls & CALLS_CONNECT && (family == AF_INET || family == AF_INET6)) ||
			(calls & CALLS_UNIX && family == AF_UNIX);
	uint32_t kind = type & 0xf;

	if (family == AF_NETLINK)
		return protocol == NETLINK_ROUTE || protocol == NETLINK_SOCK_DIAG
			       ? SECCOMP_RET_ALLOW
			       : REFUSED(EACCES);
	return connects && (kind == SOCK_STREAM || kind == SOCK_DGRAM) ? SECCOMP_RET_ALLOW
								       : REFUSED(EACCES);
}

TEST(sockets_are_those_the_profile_names)
{
	static const unsigned sets[] = { 0, CALLS_CONNECT, CALLS_UNIX, CALLS_CONNECT | CALLS_UNIX };
	static const uint32_t types[] = { SOCK_STREAM,
					  SOCK_DGRAM,
					  SOCK_RAW,
					  SOCK_SEQPACKET,
					  SOCK_STREAM | SOCK_CLOEXEC,
					  SOCK_RAW | SOCK_NONBLOCK };
	static struct assembler filter;

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		build(&filter, sets[i]);
		for (uint32_t family = 0; family < 64; family++)
			for (size_t t = 0; t < ARRAY_LEN(types); t++)
				for (uint32_t protocol = 0; protocol < 24; protocol++)
					check_answer(&filter, SYS_socket, family, types[t],
						     protocol,
						     expected_socket(sets[i], family, types[t],
								     protocol));
	}
}

/* A datagram end could be sent from to any address. */
TEST(a_pair_of_sockets_cannot_reach_a_third)
{
	static struct assembler filter;

	build(&filter, 0);
	check_answer(&filter, SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_socketpair, AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
		     SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, REFUSED(EACCES));
	check_answer(&filter, SYS_socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0,
		     REFUSED(EACCES));
	check_answer(&filter, SYS_socketpair, AF_TIPC, SOCK_STREAM, 0, REFUSED(EACCES));
}

TEST(limits_are_ones_own_and_dangerous_settings_refused)
{
	static struct assembler filter;

	build(&filter, 0);
	check_answer(&filter, SYS_prlimit64, 0, 7, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_prlimit64, 1, 7, 0, REFUSED(EPERM));
	check_answer(&filter, SYS_prctl, PR_SET_NAME, 0, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_prctl, PR_SET_SECCOMP, 2, 0, REFUSED(EPERM));
	check_answer(&filter, SYS_prctl, PR_SET_MM, 0, 0, REFUSED(EPERM));
	check_answer(&filter, SYS_prctl, PR_SET_PTRACER, 0, 0, REFUSED(EPERM));
}

TEST(the_broker_opens_nothing_for_writing_and_starts_nothing)
{
	static const uint32_t writes[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE, 3 };
	static struct assembler filter;

	build(&filter, CALLS_BROKER);
	for (size_t i = 0; i < ARRAY_LEN(writes); i++)
		check_answer(&filter, SYS_openat, 3, 4, writes[i], REFUSED(EROFS));
	check_answer(&filter, SYS_openat, 3, 4, O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NONBLOCK,
		     SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&filter, SYS_openat2, 0, 0, 0), REFUSED(ENOSYS));
	CHECK_INT(ask(&filter, SYS_clone, 17, 0, 0), REFUSED(EPERM));
	check_answer(&filter, SYS_syslog, 3, 0, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_syslog, 5, 0, 0, REFUSED(EPERM));
	for (const int *at = calls_fork_of_arch; *at >= 0; at++)
		CHECK_INT(ask(&filter, *at, 0, 0, 0), REFUSED(EPERM));
}

TEST(the_loader_has_programs_of_the_kernel_beside_what_a_broker_has)
{
	static struct assembler filter;

	build(&filter, CALLS_BROKER | CALLS_TRACE);
	CHECK_INT(ask(&filter, SYS_bpf, 5, 0, 0), SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_openat, 3, 4, O_WRONLY, REFUSED(EROFS));
	CHECK_INT(ask(&filter, SYS_clone, 17, 0, 0), REFUSED(EPERM));
	build(&filter, CALLS_BROKER);
	CHECK_INT(ask(&filter, SYS_bpf, 5, 0, 0), REFUSED(EPERM));
}

TEST(a_confined_process_opens_and_starts_nothing)
{
	static struct assembler filter;

	build(&filter, CALLS_STILL);
	for (const int *at = calls_acquire; *at >= 0; at++)
		CHECK_INT(ask(&filter, *at, 0, 0, 0), REFUSED(EPERM));
	for (const int *at = calls_acquire_of_arch; *at >= 0; at++)
		CHECK_INT(ask(&filter, *at, 0, 0, 0), REFUSED(EPERM));
	CHECK_INT(ask(&filter, SYS_read, 0, 0, 0), SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&filter, SYS_write, 1, 0, 0), SECCOMP_RET_ALLOW);
}

TEST(a_client_of_the_network_makes_threads_and_reads_files)
{
	static struct assembler filter;
	static const int refused[] = { SYS_execve,  SYS_execveat, SYS_memfd_create, SYS_listen,
				       SYS_accept4, SYS_kill,     SYS_renameat2,    SYS_unlinkat };

	build(&filter, CALLS_STILL | CALLS_CONNECT | CALLS_CLIENT);
	check_answer(&filter, SYS_clone, 17, 0, 0, REFUSED(EPERM));
	check_answer(&filter, SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_clone, CLONE_THREAD | CLONE_NEWNET, 0, 0, REFUSED(EPERM));
	CHECK_INT(ask(&filter, SYS_clone3, 0, 0, 0), REFUSED(ENOSYS));
	check_answer(&filter, SYS_openat, 0, 0, O_RDONLY | O_CLOEXEC, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_openat, 0, 0, O_WRONLY, REFUSED(EROFS));
	check_answer(&filter, SYS_openat, 0, 0, O_RDONLY | O_CREAT, REFUSED(EROFS));
	check_answer(&filter, SYS_socket, AF_INET6, SOCK_STREAM, 0, SECCOMP_RET_ALLOW);
	check_answer(&filter, SYS_socket, AF_INET, SOCK_RAW, 0, REFUSED(EACCES));
	check_answer(&filter, SYS_socket, AF_UNIX, SOCK_STREAM, 0, REFUSED(EACCES));
	check_answer(&filter, SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, REFUSED(EACCES));
	check_answer(&filter, SYS_prlimit64, 1, 0, 0, REFUSED(EPERM));
	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		CHECK_INT(ask(&filter, refused[i], 0, 0, 0), REFUSED(EPERM));
}

/* It is translated anew for each sandbox: twice as long is a tenth of a millisecond. */
TEST(a_filter_is_short)
{
	static struct assembler filter;

	build(&filter, 0);
	CHECK(filter.n < 200);
}

TEST(a_jump_that_cannot_be_encoded_is_an_error)
{
	static struct assembler code;
	unsigned label, other;

	assembler_init(&code);
	label = assembler_label(&code);
	assembler_jump_if(&code, BPF_JEQ, 1, label);
	for (int i = 0; i < 300; i++)
		assembler_return(&code, 0);
	assembler_mark(&code, label);
	assembler_return(&code, 1);
	CHECK_INT(assembler_finish(&code), -E2BIG);

	/* The other way of a branch, likewise. */
	assembler_init(&code);
	label = assembler_label(&code);
	other = assembler_label(&code);
	assembler_branch(&code, BPF_JEQ, 1, label, other);
	assembler_mark(&code, label);
	for (int i = 0; i < 300; i++)
		assembler_return(&code, 0);
	assembler_mark(&code, other);
	assembler_return(&code, 1);
	CHECK_INT(assembler_finish(&code), -E2BIG);

	assembler_init(&code);
	assembler_jump(&code, assembler_label(&code));
	CHECK_INT(assembler_finish(&code), -EINVAL); /* never marked */
}
