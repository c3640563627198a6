#include "call/sandbox/cgroup_files_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/scan.h"

ssize_t cgroup_file_read(int directory, const char *name, char *text, size_t size)
{
	CLEANUP(fd) int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, size - 1);

	if (got < 0)
		return -errno;
	text[got] = '\0';
	return got;
}

int cgroup_file_write(int directory, const char *name, const char *text)
{
	CLEANUP(fd) int fd = openat(directory, name, O_WRONLY | O_CLOEXEC);

	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

int cgroup_file_write_u64(int directory, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	return cgroup_file_write(directory, name, text);
}

static unsigned each_process(int directory, void (*handle)(pid_t pid, int cookie), int cookie)
{
	char text[16 * 1024];
	const char *at = text;
	uint64_t pid;
	unsigned n = 0;

	if (cgroup_file_read(directory, "cgroup.procs", text, sizeof(text)) < 0)
		return 0;
	while (scan_u64(&at, &pid)) {
		if (*at == '\n')
			at++;
		/* 0: a process of another pid namespace, which we cannot name. */
		if (pid > 0)
			handle((pid_t)pid, cookie);
		n++;
	}
	return n;
}

static void kill_one(pid_t pid, int cookie UNUSED)
{
	(void)kill(pid, SIGKILL);
}

unsigned cgroup_kill_all(int directory)
{
	return directory < 0 ? 0 : each_process(directory, kill_one, 0);
}

static void move_one(pid_t pid, int to_directory)
{
	(void)cgroup_file_write_u64(to_directory, "cgroup.procs", (uint64_t)pid);
}

void cgroup_move_all(int from_directory, int to_directory)
{
	(void)each_process(from_directory, move_one, to_directory);
}
