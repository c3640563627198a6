/*
 * System calls and constants that the headers of Debian 12 lack or glibc does
 * not wrap. Each returns what the kernel returns: -1 with errno.
 */
#pragma once

#include <linux/bpf.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

/* What older kernels lack; 'features_off' of a test plays them. */
enum kernel_feature {
	FEATURE_MOUNT_SETATTR = 1 << 0, /* 5.12 */
	FEATURE_CLONE_CGROUP = 1 << 1,  /* 5.7 */
	FEATURE_CGROUP_KILL = 1 << 2,   /* 5.14 */
	FEATURE_LANDLOCK = 1 << 3,      /* 5.13 */
	FEATURE_CLOSE_RANGE = 1 << 4,   /* 5.9 */
	FEATURE_CGROUPS = 1 << 5,       /* no cgroup file system at all */
	FEATURE_PRIVILEGE = 1 << 6,     /* behave as a plain user would */
	FEATURE_USER_NS = 1 << 7,       /* user namespaces for plain users */
};

static inline pid_t kernel_clone3(struct clone_args *args)
{
	return (pid_t)syscall(SYS_clone3, args, sizeof(*args));
}

/* Of this process, or -1. */
static inline int kernel_pidfd_open_self(void)
{
	return (int)syscall(SYS_pidfd_open, getpid(), 0);
}

/* What the program behind this link tells, to be read once; or -1. */
static inline int kernel_iterator(int link_fd)
{
	union bpf_attr attr = { .iter_create = { .link_fd = (uint32_t)link_fd } };

	return (int)syscall(SYS_bpf, BPF_ITER_CREATE, &attr, sizeof(attr.iter_create));
}

static inline int kernel_pidfd_send_signal(int pidfd, int signal)
{
	return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
