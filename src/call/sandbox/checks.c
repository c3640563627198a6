#include "call/sandbox/checks_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sys/socket.h>

#include "call/sandbox/rules_internal.h"

#define NAMESPACE_FLAGS                                                                \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | \
	 CLONE_NEWPID | CLONE_NEWNET)

#define OPEN_WRITES (O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY))

#define SOCKET_TYPE_MASK 0xf

/* Numbers and not names: the headers that have them define clashing ones. */
static const uint32_t hostile_ioctls[] = {
	0x5412,     /* TIOCSTI: types into a terminal */
	0x541c,     /* TIOCLINUX: pastes into a console */
	0x541d,     /* TIOCCONS: takes the console's output */
	0x5423,     /* TIOCSETD: loads a line discipline's module */
	0x8901,     /* FIOSETOWN: sends SIGIO to others */
	0x8902,     /* SIOCSPGRP: likewise */
	0x40086602, /* FS_IOC_SETFLAGS */
	0x401c5820, /* FS_IOC_FSSETXATTR */
	0xc0045877, /* FIFREEZE */
	0xc0045878, /* FITHAW */
	0xc0185879, /* FITRIM */
	0x40049409, /* FICLONE */
	0x4020940d, /* FICLONERANGE */
};

static const uint32_t harmless_fcntls[] = {
	F_DUPFD,
	F_GETFD,
	F_SETFD,
	F_GETFL,
	F_SETFL,
	F_GETLK,
	9 /* F_GETOWN */,
	36 /* F_OFD_GETLK */,
	F_DUPFD_CLOEXEC,
	1031 /* F_SETPIPE_SZ */,
	1032 /* F_GETPIPE_SZ */,
	1033 /* F_ADD_SEALS */,
	1034 /* F_GET_SEALS */,
};

/* Programs survive ENOLCK: it is what a network file system without locks says. */
static const uint32_t lock_fcntls[] = {
	F_SETLK,
	F_SETLKW,
	37 /* F_OFD_SETLK */,
	38 /* F_OFD_SETLKW */,
	1024 /* F_SETLEASE */,
	1026 /* F_NOTIFY */,
};

static const uint32_t harmless_prctls[] = {
	PR_SET_PDEATHSIG,    PR_GET_PDEATHSIG,    PR_GET_DUMPABLE,
	PR_SET_DUMPABLE,     PR_GET_KEEPCAPS,     PR_SET_NAME,
	PR_GET_NAME,         PR_GET_SECCOMP,      PR_CAPBSET_READ,
	PR_GET_SECUREBITS,   PR_SET_TIMERSLACK,   PR_GET_TIMERSLACK,
	PR_SET_NO_NEW_PRIVS, PR_GET_NO_NEW_PRIVS, PR_GET_TID_ADDRESS,
	PR_SET_THP_DISABLE,  PR_CAP_AMBIENT,      0x53564d41 /* PR_SET_VMA */,
};

static void load_argument(struct assembler *code, unsigned number)
{
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half comes first");
	assembler_load(code, (uint32_t)(offsetof(struct seccomp_data, args) + 8 * number));
}

static void refuse(struct assembler *code, int error)
{
	assembler_return(code, SECCOMP_RET_ERRNO | (uint32_t)error);
}

static void allow(struct assembler *code)
{
	assembler_return(code, SECCOMP_RET_ALLOW);
}

static void jump_if_any(struct assembler *code, const uint32_t *values, size_t n, unsigned label)
{
	for (size_t i = 0; i < n; i++)
		assembler_jump_if(code, BPF_JEQ, values[i], label);
}

static void check_clone(struct assembler *code)
{
	unsigned bad = assembler_label(code);

	load_argument(code, 0);
	assembler_jump_if(code, BPF_JSET, NAMESPACE_FLAGS, bad);
	allow(code);
	assembler_mark(code, bad);
	refuse(code, EPERM);
}

static void check_thread(struct assembler *code)
{
	unsigned thread = assembler_label(code);

	load_argument(code, 0);
	assembler_jump_if(code, BPF_JSET, CLONE_THREAD, thread);
	refuse(code, EPERM);
	assembler_mark(code, thread);
	check_clone(code);
}

static void check_ioctl(struct assembler *code)
{
	unsigned bad = assembler_label(code);

	load_argument(code, 1);
	jump_if_any(code, hostile_ioctls, ARRAY_LEN(hostile_ioctls), bad);
	allow(code);
	assembler_mark(code, bad);
	refuse(code, EPERM);
}

static void check_fcntl(struct assembler *code)
{
	unsigned good = assembler_label(code), lock = assembler_label(code);

	load_argument(code, 1);
	jump_if_any(code, harmless_fcntls, ARRAY_LEN(harmless_fcntls), good);
	jump_if_any(code, lock_fcntls, ARRAY_LEN(lock_fcntls), lock);
	refuse(code, EPERM);
	assembler_mark(code, good);
	allow(code);
	assembler_mark(code, lock);
	refuse(code, ENOLCK);
}

static void check_list(struct assembler *code, unsigned argument, const uint32_t *values, size_t n)
{
	unsigned good = assembler_label(code);

	load_argument(code, argument);
	jump_if_any(code, values, n, good);
	refuse(code, EPERM);
	assembler_mark(code, good);
	allow(code);
}

static void check_socketpair(struct assembler *code)
{
	unsigned family = assembler_label(code), good = assembler_label(code);

	load_argument(code, 0);
	assembler_jump_if(code, BPF_JEQ, AF_UNIX, family);
	refuse(code, EACCES);
	assembler_mark(code, family);
	load_argument(code, 1);
	assembler_and(code, SOCKET_TYPE_MASK);
	assembler_jump_if(code, BPF_JEQ, SOCK_STREAM, good);
	assembler_jump_if(code, BPF_JEQ, SOCK_SEQPACKET, good);
	refuse(code, EACCES);
	assembler_mark(code, good);
	allow(code);
}

static void check_socket(struct assembler *code, unsigned calls)
{
	unsigned netlink = assembler_label(code), connects = assembler_label(code);
	unsigned good = assembler_label(code);

	load_argument(code, 0);
	assembler_jump_if(code, BPF_JEQ, AF_NETLINK, netlink);
	if (calls & CALLS_CONNECT) {
		assembler_jump_if(code, BPF_JEQ, AF_INET, connects);
		assembler_jump_if(code, BPF_JEQ, AF_INET6, connects);
	}
	if (calls & CALLS_UNIX)
		assembler_jump_if(code, BPF_JEQ, AF_UNIX, connects);
	refuse(code, EACCES);
	assembler_mark(code, connects);
	load_argument(code, 1);
	assembler_and(code, SOCKET_TYPE_MASK);
	assembler_jump_if(code, BPF_JEQ, SOCK_STREAM, good);
	assembler_jump_if(code, BPF_JEQ, SOCK_DGRAM, good);
	refuse(code, EACCES);
	assembler_mark(code, netlink);
	load_argument(code, 2);
	assembler_jump_if(code, BPF_JEQ, NETLINK_ROUTE, good);
	assembler_jump_if(code, BPF_JEQ, NETLINK_SOCK_DIAG, good);
	refuse(code, EACCES);
	assembler_mark(code, good);
	allow(code);
}

static void check_open(struct assembler *code, unsigned argument)
{
	unsigned bad = assembler_label(code);

	load_argument(code, argument);
	assembler_jump_if(code, BPF_JSET, OPEN_WRITES, bad);
	allow(code);
	assembler_mark(code, bad);
	refuse(code, EROFS);
}

void checks_add(struct assembler *code, unsigned calls, const unsigned labels[CHECK_N])
{
	static const uint32_t zero[] = { 0 };
	static const uint32_t syslog_reads[] = { 3, 10 }; /* read all, size of the buffer */

	assembler_mark(code, labels[CHECK_ALLOW]);
	allow(code);
	assembler_mark(code, labels[CHECK_EPERM]);
	refuse(code, EPERM);
	assembler_mark(code, labels[CHECK_ENOSYS]);
	refuse(code, ENOSYS);
	assembler_mark(code, labels[CHECK_CLONE]);
	check_clone(code);
	assembler_mark(code, labels[CHECK_IOCTL]);
	check_ioctl(code);
	assembler_mark(code, labels[CHECK_FCNTL]);
	check_fcntl(code);
	assembler_mark(code, labels[CHECK_PRCTL]);
	check_list(code, 0, harmless_prctls, ARRAY_LEN(harmless_prctls));
	assembler_mark(code, labels[CHECK_OWN_PID]);
	check_list(code, 0, zero, ARRAY_LEN(zero));
	assembler_mark(code, labels[CHECK_SOCKET]);
	check_socket(code, calls);
	assembler_mark(code, labels[CHECK_SOCKETPAIR]);
	check_socketpair(code);
	if (calls & CALLS_CLIENT) {
		assembler_mark(code, labels[CHECK_THREAD]);
		check_thread(code);
	}
	if (!(calls & (CALLS_BROKER | CALLS_CLIENT)))
		return;
	assembler_mark(code, labels[CHECK_OPEN]);
	check_open(code, 1);
	assembler_mark(code, labels[CHECK_OPENAT]);
	check_open(code, 2);
	assembler_mark(code, labels[CHECK_SYSLOG]);
	check_list(code, 0, syslog_reads, ARRAY_LEN(syslog_reads));
}
