/* Attempts on devices, secrets, /proc, /sys and control groups. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

#define RESULT(call) ((call) < 0 ? -errno : 0)

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	return RESULT(fd);
}

/* A file that opens but gives no byte gained nothing. */
static int try_read(const char *path)
{
	char text[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (got < 0)
		return -errno;
	return got > 0 ? 0 : -ENODATA;
}

static const char *of_victim(const struct canary_facts *facts, const char *what)
{
	static char path[224];

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", facts->victim, what);
	return path;
}

int attempt_open_pty(const struct canary_facts *facts UNUSED)
{
	return try_open("/dev/ptmx", O_RDWR);
}

int attempt_open_kernel_log(const struct canary_facts *facts UNUSED)
{
	return try_read("/dev/kmsg") == 0 || try_read("/proc/kmsg") == 0 ? 0 : -EACCES;
}

int attempt_open_block_device(const struct canary_facts *facts UNUSED)
{
	return try_open("/dev/vda", O_RDONLY) == 0 || try_open("/dev/sda", O_RDONLY) == 0 ||
			       try_open("/dev/loop0", O_RDONLY) == 0
		       ? 0
		       : -EACCES;
}

int attempt_open_memory_device(const struct canary_facts *facts UNUSED)
{
	return try_open("/dev/mem", O_RDONLY) == 0 || try_open("/dev/port", O_RDONLY) == 0
		       ? 0
		       : -EACCES;
}

/* udev gives some of them to everybody: then which walls stand in front of it differs by machine.
 */
static bool is_everybodys(const char *path)
{
	struct stat found;

	return stat(path, &found) == 0 && (found.st_mode & 0006) == 0006;
}

int attempt_open_hypervisor(const struct canary_facts *facts UNUSED)
{
	static const char *const paths[] = { "/dev/kvm",     "/dev/fuse",      "/dev/loop-control",
					     "/dev/net/tun", "/dev/vhost-net", "/dev/vhost-vsock" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (!is_everybodys(paths[i]) && try_open(paths[i], O_RDWR) == 0)
			return 0;
	return -EACCES;
}

int attempt_open_kcore(const struct canary_facts *facts UNUSED)
{
	return try_read("/proc/kcore");
}

int attempt_read_shadow(const struct canary_facts *facts UNUSED)
{
	return leak_file("read_shadow", "/etc/shadow");
}

int attempt_read_shadow_by_root(const struct canary_facts *facts)
{
	char path[224];

	(void)snprintf(path, sizeof(path), "%s", of_victim(facts, "root/etc/shadow"));
	return leak_file("read_shadow_by_root", path);
}

int attempt_read_shadow_by_dots(const struct canary_facts *facts UNUSED)
{
	return leak_file("read_shadow_by_dots", "/proc/self/root/usr/..//etc/./shadow");
}

int attempt_read_home_key(const struct canary_facts *facts UNUSED)
{
	return leak_file("read_home_key", "/root/.ssh/constable-canary");
}

/* Keys, and the addresses of the kernel. */
int attempt_read_kernel_tables(const struct canary_facts *facts UNUSED)
{
	return try_read("/proc/keys") == 0 || try_read("/proc/kallsyms") == 0 ? 0 : -EACCES;
}

/* A copy of cat(1) with a capability of its own; it says what it got. */
int attempt_gain_by_capable_program(const struct canary_facts *facts)
{
	const char *path = victim_path(facts, "capable_cat");
	char text[4096] = "";
	const char *effective;
	int ends[2];
	pid_t pid;

	if (geteuid() == 0 || pipe(ends) < 0)
		return -EPERM;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(path, "cat", "/proc/self/status", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	(void)waitpid(pid, NULL, 0);
	(void)!read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	effective = strstr(text, "CapEff:\t0000000000200000");
	return effective ? 0 : -EPERM;
}

/* A copy of id(1) that belongs to root and has the bit. */
int attempt_gain_by_setuid_program(const struct canary_facts *facts)
{
	const char *path = victim_path(facts, "setuid_id");
	char text[16] = "";
	int ends[2];
	pid_t pid;

	if (geteuid() == 0 || pipe(ends) < 0)
		return -EPERM;
	pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		execl(path, "id", "-u", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	(void)waitpid(pid, NULL, 0);
	(void)!read(ends[0], text, sizeof(text) - 1);
	return strcmp(text, "0\n") == 0 ? 0 : -EPERM;
}

int attempt_write_own_executable(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/self/exe", O_WRONLY);
}

int attempt_write_by_victim_root(const struct canary_facts *facts)
{
	char path[224];

	(void)snprintf(path, sizeof(path), "/proc/%d/root%s", facts->victim,
		       victim_path(facts, "write_by_victim_root"));
	return write_byte(path, O_WRONLY);
}

int attempt_write_by_victim_cwd(const struct canary_facts *facts)
{
	return write_byte(of_victim(facts, "cwd/write_by_victim_cwd"), O_WRONLY);
}

int attempt_write_by_victim_fd(const struct canary_facts *facts)
{
	return write_byte(of_victim(facts, "fd/3"), O_WRONLY);
}

int attempt_read_environment(const struct canary_facts *facts)
{
	return leak_file("read_environment", of_victim(facts, "environ"));
}

static int open_memory(const struct canary_facts *facts, int flags)
{
	return open(of_victim(facts, "mem"), flags | O_CLOEXEC);
}

int attempt_read_memory(const struct canary_facts *facts)
{
	char text[64];
	int fd = open_memory(facts, O_RDONLY);
	ssize_t got = fd < 0 ? -1 : pread(fd, text, sizeof(text), (off_t)facts->secret_address);

	if (got < 0)
		return -errno;
	leak("read_memory", text, got);
	return 0;
}

int attempt_write_memory(const struct canary_facts *facts)
{
	int fd = open_memory(facts, O_WRONLY);

	/* The byte after the secret: the victim's copy shows it to the host. */
	return fd < 0 ? -errno : RESULT(pwrite(fd, "x", 1, (off_t)facts->secret_address + 63));
}

int attempt_set_victim_oom_score(const struct canary_facts *facts)
{
	return write_setting(of_victim(facts, "oom_score_adj"), "777");
}

int attempt_set_victim_name(const struct canary_facts *facts)
{
	return write_setting(of_victim(facts, "comm"), "hit");
}

int attempt_set_victim_timer_slack(const struct canary_facts *facts)
{
	return write_setting(of_victim(facts, "timerslack_ns"), "777777");
}

int attempt_clear_victim_references(const struct canary_facts *facts)
{
	return write_setting(of_victim(facts, "clear_refs"), "1");
}

/* Its own user sees the numbers of its descriptors; what they are must not be seen. */
int attempt_list_victim_files(const struct canary_facts *facts)
{
	char target[128];

	return RESULT(readlink(of_victim(facts, "fd/3"), target, sizeof(target)));
}

int attempt_read_victim_maps(const struct canary_facts *facts)
{
	return try_read(of_victim(facts, "maps"));
}

/* Opening is enough: what these settings do must not be done here. */
int attempt_trigger_sysrq(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/sysrq-trigger", O_WRONLY);
}

int attempt_set_core_pattern(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/sys/kernel/core_pattern", O_WRONLY);
}

int attempt_drop_caches(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/sys/vm/drop_caches", O_WRONLY);
}

int attempt_set_modprobe(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/sys/kernel/modprobe", O_WRONLY) == 0 ||
			       try_open("/proc/sys/kernel/hotplug", O_WRONLY) == 0
		       ? 0
		       : -EACCES;
}

int attempt_register_binary_format(const struct canary_facts *facts UNUSED)
{
	return try_open("/proc/sys/fs/binfmt_misc/register", O_WRONLY);
}

int attempt_set_huge_pages(const struct canary_facts *facts UNUSED)
{
	return try_open("/sys/kernel/mm/transparent_hugepage/enabled", O_WRONLY);
}

int attempt_set_uevent_helper(const struct canary_facts *facts UNUSED)
{
	return try_open("/sys/kernel/uevent_helper", O_WRONLY);
}

int attempt_set_power_state(const struct canary_facts *facts UNUSED)
{
	return try_open("/sys/power/state", O_WRONLY);
}

static const char *const hierarchies[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/memory",
					   "/sys/fs/cgroup/pids", "/sys/fs/cgroup/devices",
					   "/sys/fs/cgroup/unified" };

static int try_groups(const char *name)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", hierarchies[i], name);
		if (try_open(path, O_WRONLY) == 0)
			return 0;
	}
	return -EACCES;
}

int attempt_set_release_agent(const struct canary_facts *facts UNUSED)
{
	return try_groups("release_agent");
}

int attempt_leave_control_group(const struct canary_facts *facts UNUSED)
{
	return try_groups("cgroup.procs");
}

int attempt_make_control_group(const struct canary_facts *facts UNUSED)
{
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(hierarchies); i++) {
		(void)snprintf(path, sizeof(path), "%s/constable-attack", hierarchies[i]);
		if (mkdir(path, 0777) == 0) {
			(void)rmdir(path);
			return 0;
		}
	}
	return -EACCES;
}

int attempt_raise_memory_limit(const struct canary_facts *facts UNUSED)
{
	return try_groups("memory.limit_in_bytes") == 0 || try_groups("memory.max") == 0 ? 0
											 : -EACCES;
}

int attempt_allow_devices(const struct canary_facts *facts UNUSED)
{
	return try_groups("devices.allow");
}

int attempt_open_debugfs(const struct canary_facts *facts UNUSED)
{
	return try_open("/sys/kernel/debug/tracing", O_RDONLY);
}

int attempt_open_tracefs(const struct canary_facts *facts UNUSED)
{
	return try_open("/sys/kernel/tracing/trace", O_RDONLY);
}
