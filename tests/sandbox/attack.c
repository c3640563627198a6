/*
 * The attack program: stands where a job executable stands, behind the walls,
 * and tries to get through. The host judges; see attempts.h.
 *
 *	constable-job attack ...	every attempt, facts on standard input
 *	constable-job NAME ...		misbehaves in one way, see abuse.c
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abuse.h"
#include "base/base.h"
#include "base/clock.h"
#include "base/scan.h"

#define ATTEMPT_SECONDS 5

static const struct {
	const char *name;
	enum judge judge;
	int (*run)(const struct canary_facts *facts);
} attempts[] = {
#define ROW(judge, name) { #name, JUDGE_##judge, attempt_##name },
	ATTEMPTS(ROW)
#undef ROW
};

const char *victim_path(const struct canary_facts *facts, const char *name)
{
	static char path[192]; /* the last one asked for; each attempt is a process */

	(void)snprintf(path, sizeof(path), "%s/%s", facts->dir, name);
	return path;
}

static void say(const char *format, ...) PRINTF_LIKE(1, 2);
static void say(const char *format, ...)
{
	char line[512];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	(void)!write(STDOUT_FILENO, line, (size_t)len);
}

void leak(const char *name, const void *bytes, long len)
{
	char text[256];
	size_t n = 0;

	for (long i = 0; i < len && n + 1 < sizeof(text); i++) {
		char c = ((const char *)bytes)[i];

		text[n++] = c > ' ' && c < 127 ? c : '.';
	}
	text[n] = '\0';
	say("leak %s %s\n", name, text);
}

int write_byte(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0666);
	int r = fd < 0 || write(fd, "x", 1) != 1 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

int write_setting(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = fd < 0 || write(fd, text, strlen(text)) < 0 ? -errno : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

int leak_file(const char *name, const char *path)
{
	char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text));

	if (got < 0)
		return -errno;
	leak(name, text, got);
	return 0;
}

static void run_attempt(size_t i, const struct canary_facts *facts)
{
	uint64_t start_ns = clock_monotonic_ns();
	char reply;
	int r;

	alarm(ATTEMPT_SECONDS);
	r = attempts[i].run(facts);
	say("tried %s %d %d ms\n", attempts[i].name, r,
	    (int)((clock_monotonic_ns() - start_ns) / NS_PER_MS));
	if (attempts[i].judge == JUDGE_SELF && r == 0)
		say("self %s\n", attempts[i].name);
	if (attempts[i].judge == JUDGE_HELD) {
		say("check %s\n", attempts[i].name);
		(void)!read(STDIN_FILENO, &reply, 1);
	}
	_exit(0);
}

static int attack(void)
{
	char line[512];
	struct canary_facts facts;
	ssize_t got = read(STDIN_FILENO, line, sizeof(line) - 1);

	if (got <= 0)
		return 2;
	line[got] = '\0';
	if (facts_parse(line, &facts) < 0)
		return 2;
	for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0)
			run_attempt(i, &facts);
		if (pid < 0 || waitpid(pid, &status, 0) < 0)
			return 3;
	}
	say("done\n");
	return 0;
}

int main(int argc, char **argv)
{
	(void)signal(SIGPIPE, SIG_IGN);
	/* Sent when the host breaks our lease; it must not end us before its reply is read. */
	(void)signal(SIGIO, SIG_IGN);
	if (argc < 2)
		return 2;
	return strcmp(argv[1], "attack") == 0 ? attack() : abuse_run(argv[1]);
}
