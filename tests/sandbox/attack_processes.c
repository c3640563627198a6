/* Attempts on mounts, namespaces and other processes. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

#define RESULT(call) ((call) < 0 ? -errno : 0)

#define CALL(name, ...)                                             \
	int attempt_##name(const struct canary_facts *facts UNUSED) \
	{                                                           \
		return RESULT(__VA_ARGS__);                         \
	}

CALL(remount_writable, mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL))
CALL(mount_tmpfs, mount("none", "/tmp", "tmpfs", 0, NULL))
CALL(mount_proc, mount("none", "/proc", "proc", 0, NULL))
CALL(open_tree_clone, syscall(428, AT_FDCWD, "/", 1))
CALL(open_filesystem, syscall(430, "tmpfs", 0))
CALL(unmount_mask, umount2("/etc/shadow", MNT_DETACH))
CALL(pivot, syscall(SYS_pivot_root, "/tmp", "/tmp"))
CALL(change_root, chroot("/tmp"))
CALL(unshare_user, unshare(CLONE_NEWUSER))
CALL(unshare_mount, unshare(CLONE_NEWNS))
CALL(unshare_time, unshare(CLONE_NEWTIME))

int attempt_set_mount_attributes(const struct canary_facts *facts UNUSED)
{
	uint64_t attr[4] = { 0, 1, 0, 0 }; /* clear read-only */

	return RESULT(syscall(442, AT_FDCWD, "/", 0, attr, sizeof(attr)));
}

static int end_child(long pid)
{
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return -errno;
	(void)waitpid((pid_t)pid, NULL, __WALL);
	return 0;
}

int attempt_clone_user(const struct canary_facts *facts UNUSED)
{
	return end_child(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

/* A filter that compares 64 bits would let these through. */
int attempt_clone_user_high_bits(const struct canary_facts *facts UNUSED)
{
	return end_child(
		syscall(SYS_clone, 0xff00000000000000ULL | CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
}

int attempt_clone3_user(const struct canary_facts *facts UNUSED)
{
	struct clone_args args = { .flags = CLONE_NEWUSER, .exit_signal = SIGCHLD };

	return end_child(syscall(SYS_clone3, &args, sizeof(args)));
}

static int enter_namespace(const char *path, int type)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : RESULT(setns(fd, type));
}

int attempt_enter_mount_namespace(const struct canary_facts *facts UNUSED)
{
	return enter_namespace("/proc/1/ns/mnt", CLONE_NEWNS);
}

int attempt_enter_net_namespace(const struct canary_facts *facts)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/net", facts->victim);
	return enter_namespace(path, CLONE_NEWNET);
}

int attempt_enter_by_pidfd(const struct canary_facts *facts)
{
	long fd = syscall(434, facts->victim, 0);

	return fd < 0 ? -errno : RESULT(setns((int)fd, CLONE_NEWNET));
}

/* The host mounts something writable while we run: it must not arrive here. */
int attempt_write_later_mount(const struct canary_facts *facts)
{
	char path[224], reply;

	(void)!write(STDOUT_FILENO, "mount later\n", 12);
	(void)!read(STDIN_FILENO, &reply, 1);
	(void)snprintf(path, sizeof(path), "%s/later/made", facts->dir);
	return write_byte(path, O_CREAT | O_WRONLY);
}

/* Its automounter would mount something for whoever looks inside. */
int attempt_trigger_automount(const struct canary_facts *facts)
{
	char path[224];

	(void)snprintf(path, sizeof(path), "%s/automounted", facts->dir);
	return RESULT(open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

/* --- other processes ------------------------------------------------------------- */

int attempt_kill_victim(const struct canary_facts *facts)
{
	return RESULT(kill(facts->victim, SIGTERM));
}

int attempt_kill_thread_of_victim(const struct canary_facts *facts)
{
	return RESULT(syscall(SYS_tgkill, facts->victim, facts->victim, SIGHUP));
}

/* Root of the host's pid namespace could: then it must not be tried. */
int attempt_kill_everything(const struct canary_facts *facts UNUSED)
{
	return geteuid() == 0 ? -EPERM : RESULT(kill(-1, SIGURG));
}

int attempt_open_pidfd(const struct canary_facts *facts)
{
	return RESULT(syscall(434, facts->victim, 0));
}

int attempt_signal_by_proc_directory(const struct canary_facts *facts)
{
	char path[40];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d", facts->victim);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : RESULT(syscall(424, fd, SIGUSR1, NULL, 0));
}

int attempt_signal_by_owner(const struct canary_facts *facts)
{
	int ends[2];

	if (pipe(ends) < 0 || fcntl(ends[0], F_SETOWN, facts->victim) < 0 ||
	    fcntl(ends[0], F_SETFL, O_ASYNC) < 0)
		return -errno;
	return RESULT(write(ends[1], "x", 1));
}

int attempt_seize_victim(const struct canary_facts *facts)
{
	return RESULT(ptrace(PTRACE_SEIZE, facts->victim, NULL, NULL));
}

int attempt_trace_parent(const struct canary_facts *facts UNUSED)
{
	return RESULT(ptrace(PTRACE_SEIZE, getppid(), NULL, NULL));
}

int attempt_read_victim_by_vm(const struct canary_facts *facts)
{
	char text[64];
	struct iovec local = { text, sizeof(text) };
	struct iovec remote = { (void *)(uintptr_t)facts->secret_address, sizeof(text) };
	ssize_t got = process_vm_readv(facts->victim, &local, 1, &remote, 1, 0);

	if (got < 0)
		return -errno;
	leak("read_victim_by_vm", text, got);
	return 0;
}

int attempt_take_victim_descriptor(const struct canary_facts *facts)
{
	long fd = syscall(434, facts->victim, 0);

	return fd < 0 ? -errno : RESULT(syscall(438, fd, 3, 0));
}

int attempt_limit_victim(const struct canary_facts *facts)
{
	struct rlimit limit = { 77, 77 };

	return RESULT(prlimit(facts->victim, RLIMIT_NOFILE, &limit, NULL));
}

int attempt_set_victim_priority(const struct canary_facts *facts)
{
	return RESULT(setpriority(PRIO_PROCESS, (id_t)facts->victim, 7));
}

int attempt_set_victim_affinity(const struct canary_facts *facts)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	return RESULT(sched_setaffinity(facts->victim, sizeof(set), &set));
}

int attempt_set_victim_io_priority(const struct canary_facts *facts)
{
	return RESULT(syscall(SYS_ioprio_set, 1, facts->victim, 3 << 13));
}

int attempt_compare_victim(const struct canary_facts *facts)
{
	return RESULT(syscall(SYS_kcmp, getpid(), facts->victim, 1, 0, 0));
}

int attempt_advise_victim(const struct canary_facts *facts)
{
	long fd = syscall(434, facts->victim, 0);
	struct iovec range = { (void *)(uintptr_t)(facts->secret_address & ~4095ULL), 4096 };

	return fd < 0 ? -errno : RESULT(syscall(440, fd, &range, 1, 20, 0));
}

/* In a pid namespace that is the sandbox's own first process. */
int attempt_kill_own_init(const struct canary_facts *facts UNUSED)
{
	if (geteuid() == 0)
		return -EPERM;
	return kill(1, SIGKILL) == 0 ? -EPERM : -errno; /* being here tells: it lives */
}
