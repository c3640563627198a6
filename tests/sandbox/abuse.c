/*
 * Jobs that misbehave: they flood, fork, ignore signals, eat memory, leave
 * children behind. The launcher must end each, and leave nothing of it.
 */
#include "abuse.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define BROKER 3 /* the descriptor that a job with a broker finds */

static int succeed(void)
{
	return 0;
}

static int fail(void)
{
	return 3;
}

static int crash(void)
{
	raise(SIGSEGV);
	*(volatile int *)NULL = 1;
	return 0;
}

static int hang(void)
{
	while (pause() < 0)
		;
	return 0;
}

static int spin(void)
{
	for (volatile int go = 1; go;)
		;
	return 0;
}

/* A tree of sessions of their own that ignores what asks it to end. */
static int ignore_signals(void)
{
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_IGN);
	for (int depth = 0; depth < 6; depth++) {
		if (fork() == 0)
			(void)setsid();
	}
	return hang();
}

static int stop_tree(void)
{
	for (int i = 0; i < 5; i++) {
		if (fork() == 0) {
			(void)raise(SIGSTOP);
			return hang();
		}
	}
	return hang();
}

/* The first one ends well; what it left behind holds the output open. */
static int leave_orphan(void)
{
	if (fork() == 0) {
		(void)setsid();
		if (fork() == 0)
			return hang();
		_exit(0);
	}
	return 0;
}

static int bomb(void)
{
	while (fork() >= -1)
		;
	return 0;
}

static int eat_memory(void)
{
	size_t size = 1024 * MIB;
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (bytes == MAP_FAILED)
		return 4;
	for (size_t i = 0; i < size; i += 4096)
		bytes[i] = 1;
	return 0;
}

static int flood(void)
{
	static char bytes[65536];

	memset(bytes, 'y', sizeof(bytes));
	while (write(STDOUT_FILENO, bytes, sizeof(bytes)) > 0)
		;
	return 5;
}

/* Says whether /tmp is its own: a script leaves a file there. */
static int fill_scratch(void)
{
	static char bytes[65536];
	int fd;

	(void)signal(SIGXFSZ, SIG_IGN);
	fd = open("/tmp/constable-abuse", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return 6;
	for (int i = 0; i < 4096; i++)
		if (write(fd, bytes, sizeof(bytes)) < 0)
			return 7;
	return 0;
}

/* Which of two files that only root may read it can read, as bits. */
static int read_files(void)
{
	int inside = open("/var/tmp/constable-roots/inside/file", O_RDONLY | O_CLOEXEC);
	int outside = open("/var/tmp/constable-roots/outside", O_RDONLY | O_CLOEXEC);

	return (inside >= 0 ? 1 : 0) | (outside >= 0 ? 2 : 0);
}

/* Whether a mount is seen (1), and can be written to (2). */
static int see_mount(void)
{
	int seen = open("/var/tmp/constable-mount/file", O_RDONLY | O_CLOEXEC);
	int made = open("/var/tmp/constable-mount/made", O_CREAT | O_WRONLY | O_CLOEXEC, 0666);

	return (seen >= 0 ? 1 : 0) | (made >= 0 ? 2 : 0);
}

static int ask_broker(void)
{
	char answer = 0;

	if (write(BROKER, "?", 1) != 1 || read(BROKER, &answer, 1) != 1)
		return 8;
	return answer == '!' ? 0 : 9;
}

static const struct {
	const char *name;
	int (*run)(void);
} table[] = {
	{ "ask_broker", ask_broker },
	{ "bomb", bomb },
	{ "crash", crash },
	{ "eat_memory", eat_memory },
	{ "fail", fail },
	{ "fill_scratch", fill_scratch },
	{ "flood", flood },
	{ "hang", hang },
	{ "ignore_signals", ignore_signals },
	{ "leave_orphan", leave_orphan },
	{ "read_files", read_files },
	{ "see_mount", see_mount },
	{ "spin", spin },
	{ "stop_tree", stop_tree },
	{ "succeed", succeed },
};

int abuse_run(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(table[i].name, name) == 0)
			return table[i].run();
	return 2;
}
