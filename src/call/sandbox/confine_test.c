#include "call/sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/file.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/test.h"

#define UNCONFINED 255 /* in the child, as its exit status */

enum attempt {
	OPEN_A_FILE,
	START_A_PROGRAM,
	FORK,
	SIGNAL_ANOTHER,
	MAKE_AN_INET_SOCKET,
	MAKE_A_UNIX_SOCKET,
	CONNECT,
	TRACE,
	MOUNT,
	USE_BPF,
	MAKE_A_NAMESPACE,
	TURN_A_LOG,
	ACCEPT,
	LOCK_A_FOLDER,
	OPEN_A_PROCESS,
};

static long attempt(enum attempt what)
{
	switch (what) {
	case OPEN_A_FILE:
		return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY | O_CLOEXEC);
	case START_A_PROGRAM:
		return syscall(SYS_execve, "/nonexistent", NULL, NULL);
	case FORK:
		return syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);
	case SIGNAL_ANOTHER:
		return syscall(SYS_kill, getppid(), 0);
	case MAKE_AN_INET_SOCKET:
		return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	case MAKE_A_UNIX_SOCKET:
		return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
	case CONNECT:
		return syscall(SYS_connect, -1, NULL, 0);
	case TRACE:
		return syscall(SYS_ptrace, PTRACE_SEIZE, getppid(), NULL, NULL);
	case MOUNT:
		return syscall(SYS_mount, NULL, "/", NULL, 0, NULL);
	case USE_BPF:
		return syscall(SYS_bpf, 0, NULL, 0);
	case MAKE_A_NAMESPACE:
		return syscall(SYS_unshare, 0x20000);
	case TURN_A_LOG:
		return syscall(SYS_renameat2, -1, "a", -1, "b", 0);
	case ACCEPT:
		return syscall(SYS_accept4, -1, NULL, NULL, 0);
	case LOCK_A_FOLDER:
		return syscall(SYS_flock, -1, LOCK_EX);
	case OPEN_A_PROCESS:
		return syscall(SYS_pidfd_open, getppid(), 0);
	}
	return 0;
}

/* An emulator of another architecture has no filters of system calls. */
static void skip_without_filters(void)
{
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno != EFAULT)
		SKIP("no system call filters here");
}

/* In a child, for the walls stay: the errno of the attempt, 0 if it succeeded. */
static int errno_behind(int (*confine)(uint32_t *walls_out, struct error *err), enum attempt what)
{
	struct error err = { 0 };
	uint32_t walls;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine(&walls, &err) < 0)
			_exit(UNCONFINED);
		_exit(attempt(what) < 0 ? errno : 0);
	}
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_confined_warden_starts_and_reaches_nothing)
{
	skip_without_filters();
	CHECK_INT(errno_behind(sandbox_confine_warden, START_A_PROGRAM), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, FORK), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, SIGNAL_ANOTHER), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, MAKE_AN_INET_SOCKET), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, MAKE_A_UNIX_SOCKET), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, CONNECT), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, TRACE), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, MOUNT), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, USE_BPF), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_warden, MAKE_A_NAMESPACE), EPERM);
}

TEST(a_confined_warden_keeps_its_log_and_its_clients)
{
	skip_without_filters();
	CHECK_INT(errno_behind(sandbox_confine_warden, OPEN_A_FILE), 0);
	CHECK_INT(errno_behind(sandbox_confine_warden, TURN_A_LOG), EBADF);
	CHECK_INT(errno_behind(sandbox_confine_warden, ACCEPT), EBADF);
}

TEST(a_confined_store_has_its_files_and_nothing_else)
{
	skip_without_filters();
	CHECK_INT(errno_behind(sandbox_confine_store, OPEN_A_FILE), 0);
	CHECK_INT(errno_behind(sandbox_confine_store, TURN_A_LOG), EBADF);
	CHECK_INT(errno_behind(sandbox_confine_store, START_A_PROGRAM), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, FORK), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, SIGNAL_ANOTHER), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, MAKE_AN_INET_SOCKET), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, MAKE_A_UNIX_SOCKET), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, CONNECT), EPERM);
	CHECK_INT(errno_behind(sandbox_confine_store, TRACE), EPERM);
}

TEST(a_confined_investigator_has_only_what_is_open)
{
	skip_without_filters();
	for (enum attempt what = OPEN_A_FILE; what <= OPEN_A_PROCESS; what++) {
		int error = errno_behind(sandbox_confine_self, what);

		CHECK(error == EPERM || error == EACCES);
	}
}

static int confine_as_agent(uint32_t *walls_out, struct error *err)
{
	static const char *const programs[] = { "/nonexistent", NULL };
	static const char *const folders[] = { "/nonexistent", NULL };
	static const struct sandbox_home home = { .folders = folders, .programs = programs };

	return sandbox_confine_agent(&home, walls_out, err);
}

TEST(a_confined_agent_connects_accepts_and_reads)
{
	skip_without_filters();
	CHECK_INT(errno_behind(confine_as_agent, OPEN_A_FILE), 0);
	CHECK_INT(errno_behind(confine_as_agent, MAKE_AN_INET_SOCKET), 0);
	CHECK_INT(errno_behind(confine_as_agent, MAKE_A_UNIX_SOCKET), 0);
	CHECK_INT(errno_behind(confine_as_agent, CONNECT), EBADF);
	CHECK_INT(errno_behind(confine_as_agent, ACCEPT), EBADF);
}

TEST(a_confined_agent_does_nothing_else)
{
	skip_without_filters();
	CHECK_INT(errno_behind(confine_as_agent, TRACE), EPERM);
	CHECK_INT(errno_behind(confine_as_agent, MOUNT), EPERM);
	CHECK_INT(errno_behind(confine_as_agent, USE_BPF), EPERM);
	CHECK_INT(errno_behind(confine_as_agent, MAKE_A_NAMESPACE), EPERM);
}

static long write_to_tmp(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/tmp", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

static long run_a_shell(void)
{
	char *const args[] = { "true", NULL };

	return syscall(SYS_execve, "/bin/true", args, NULL);
}

static int errno_of(int (*confine)(uint32_t *walls_out, struct error *err), long (*what)(void))
{
	struct error err = { 0 };
	uint32_t walls = 0;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine(&walls, &err) < 0 || !(walls & WALL_LANDLOCK))
			_exit(UNCONFINED);
		_exit(what() < 0 ? errno : 0);
	}
	CHECK(pid > 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(a_confined_agent_writes_and_runs_only_what_is_its_own)
{
	skip_without_filters();
	if (errno_of(confine_as_agent, write_to_tmp) == UNCONFINED)
		SKIP("no Landlock here");
	CHECK_INT(errno_of(confine_as_agent, write_to_tmp), EACCES);
	CHECK_INT(errno_of(confine_as_agent, run_a_shell), EACCES);
}

static int confine_as_server(uint32_t *walls_out, struct error *err)
{
	static const char *const folders[] = { "/dev/shm", NULL };
	static const char *const roots[] = { "/etc/hostname", NULL };
	static const struct sandbox_home home = { .folders = folders, .roots = roots };

	return sandbox_confine_server(&home, walls_out, err);
}

TEST(a_confined_server_accepts_and_keeps_its_files)
{
	skip_without_filters();
	CHECK_INT(errno_behind(confine_as_server, OPEN_A_FILE), 0);
	CHECK_INT(errno_behind(confine_as_server, TURN_A_LOG), EBADF);
	CHECK_INT(errno_behind(confine_as_server, ACCEPT), EBADF);
	CHECK_INT(errno_behind(confine_as_server, LOCK_A_FOLDER), EBADF);
}

TEST(a_confined_server_starts_and_reaches_nothing)
{
	static const enum attempt attempts[] = {
		START_A_PROGRAM,
		FORK,
		SIGNAL_ANOTHER,
		MAKE_AN_INET_SOCKET,
		MAKE_A_UNIX_SOCKET,
		CONNECT,
		TRACE,
		MOUNT,
		USE_BPF,
		MAKE_A_NAMESPACE,
		OPEN_A_PROCESS,
	};

	skip_without_filters();
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		CHECK_INT(errno_behind(confine_as_server, attempts[i]), EPERM);
}

static long read_passwords(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY | O_CLOEXEC);
}

static long read_what_it_serves(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/etc/hostname", O_RDONLY | O_CLOEXEC);
}

static long write_to_its_folder(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/dev/shm", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

TEST(a_confined_server_reads_and_writes_only_what_is_its_own)
{
	skip_without_filters();
	if (errno_of(confine_as_server, write_to_tmp) == UNCONFINED)
		SKIP("no Landlock here");
	CHECK_INT(errno_of(confine_as_server, write_to_tmp), EACCES);
	CHECK_INT(errno_of(confine_as_server, read_passwords), EACCES);
	CHECK_INT(errno_of(confine_as_server, read_what_it_serves), 0);
	CHECK_INT(errno_of(confine_as_server, write_to_its_folder), 0);
}

static int confine_as_courier(uint32_t *walls_out, struct error *err)
{
	static const char *const roots[] = { "/etc/hostname", NULL };
	const struct sandbox_home home = { .roots = roots };

	return sandbox_confine_courier(&home, walls_out, err);
}

TEST(a_confined_courier_connects_and_does_nothing_else)
{
	static const enum attempt attempts[] = {
		START_A_PROGRAM, FORK,          SIGNAL_ANOTHER,   TRACE,
		MOUNT,           USE_BPF,       MAKE_A_NAMESPACE, TURN_A_LOG,
		ACCEPT,          LOCK_A_FOLDER, OPEN_A_PROCESS,
	};

	skip_without_filters();
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++)
		CHECK_INT(errno_behind(confine_as_courier, attempts[i]), EPERM);
	CHECK_INT(errno_behind(confine_as_courier, MAKE_AN_INET_SOCKET), 0);
	CHECK_INT(errno_behind(confine_as_courier, CONNECT), EBADF);
	CHECK_INT(errno_behind(confine_as_courier, MAKE_A_UNIX_SOCKET), EACCES);
}

static long listen_for_others(void)
{
	return syscall(SYS_listen, -1, 1);
}

TEST(a_confined_courier_reads_its_roots_and_writes_nothing)
{
	skip_without_filters();
	if (errno_of(confine_as_courier, read_passwords) == UNCONFINED)
		SKIP("no Landlock here");
	CHECK_INT(errno_of(confine_as_courier, listen_for_others), EPERM);
	CHECK_INT(errno_of(confine_as_courier, write_to_tmp), EROFS);
	CHECK_INT(errno_of(confine_as_courier, write_to_its_folder), EROFS);
	CHECK_INT(errno_of(confine_as_courier, read_what_it_serves), 0);
	CHECK_INT(errno_of(confine_as_courier, read_passwords), EACCES);
}
