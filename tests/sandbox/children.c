#include "children.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/scan.h"
#include "call/sandbox/plan_internal.h"

#define PATIENCE_NS (20 * NS_PER_SEC)

/* "12 34 ", or nothing. */
static void list(pid_t pid, char *text, size_t size)
{
	char path[64];
	ssize_t got;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : read(fd, text, size - 1);
	text[got > 0 ? got : 0] = '\0';
	if (fd >= 0)
		close(fd);
}

/* One child, which may still report: the first process of a job that is over may not. */
static bool is_waiting(const char *text)
{
	char path[64], target[64];
	uint64_t child;

	if (!scan_u64(&text, &child) || strcmp(text, " ") != 0)
		return false;
	(void)snprintf(path, sizeof(path), "/proc/%u/fd/%d", (unsigned)child, PLAN_FD_REPORT);
	return readlink(path, target, sizeof(target)) > 0 && strncmp(target, "pipe:", 5) == 0;
}

/* True once it has a sandbox that waits and no other, or nothing. */
static bool await(pid_t pid, bool waiting, char *text, size_t size)
{
	const struct timespec pause = { .tv_nsec = NS_PER_MS };
	uint64_t until_ns = clock_monotonic_ns() + PATIENCE_NS;

	for (;;) {
		list(pid, text, size);
		if (waiting ? is_waiting(text) : text[0] == '\0')
			return true;
		if (clock_monotonic_ns() >= until_ns)
			return false;
		(void)nanosleep(&pause, NULL);
	}
}

bool children_await(pid_t pid)
{
	char text[256];

	return await(pid, true, text, sizeof(text));
}

bool children_kill(pid_t pid)
{
	char text[256];
	const char *at = text;
	uint64_t child;

	if (!await(pid, true, text, sizeof(text)))
		return false;
	while (scan_u64(&at, &child))
		(void)kill((pid_t)child, SIGKILL);
	return await(pid, false, text, sizeof(text));
}
