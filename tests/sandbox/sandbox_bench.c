/*
 * What a sandbox costs: from request to outcome of a program that does nothing,
 * against bare fork and exec, and against bubblewrap with every wall it offers.
 * Interleaved, so that what else the machine does falls on all alike.
 *
 *	sandbox_bench PROGRAM [ROUNDS]
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/filter_internal.h"
#include "call/sandbox/launcher.h"

#define MAX_ROUNDS 5000
#define WARM_UP 20

struct series {
	const char *name;
	uint64_t took_ns[MAX_ROUNDS];
	double median_us, min_us;
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "sandbox_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void run_program(char *const argv[], const char *path)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		execv(path, argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
		fail(path);
}

static void run_bare(const char *program)
{
	char *argv[] = { (char *)"true", NULL };

	run_program(argv, program);
}

/* It reads the filter to its end each time. */
static void run_bubblewrap(const char *program, int filter)
{
	char number[16];
	char *argv[] = {
		(char *)"bwrap",
		(char *)"--unshare-all",
		(char *)"--unshare-user",
		(char *)"--disable-userns",
		(char *)"--new-session",
		(char *)"--die-with-parent",
		(char *)"--cap-drop",
		(char *)"ALL",
		(char *)"--uid",
		(char *)"64000",
		(char *)"--gid",
		(char *)"64000",
		(char *)"--ro-bind",
		(char *)"/",
		(char *)"/",
		(char *)"--dev",
		(char *)"/dev",
		(char *)"--tmpfs",
		(char *)"/tmp",
		(char *)"--ro-bind",
		(char *)program,
		(char *)"/tmp/true",
		(char *)"--clearenv",
		(char *)"--seccomp",
		number,
		(char *)"/tmp/true",
		NULL,
	};

	(void)snprintf(number, sizeof(number), "%d", filter);
	if (lseek(filter, 0, SEEK_SET) < 0)
		fail("rewind the filter");
	run_program(argv, "/usr/bin/bwrap");
}

static void run_launcher(const struct launcher *launcher, int null)
{
	struct launch_record record = {
		.kind = LAUNCH_RUN,
		.id = 1,
		.tool = "nothing",
		.limits = sandbox_default_limits(PROFILE_DIAGNOSE),
	};
	struct pollfd poll_fd = { .fd = launcher->fd, .events = POLLIN };
	struct launch_outcome outcome;
	struct error err = { 0 };

	if (launcher_send(launcher, &record, (int[]) { null, null, null }, &err) < 0 ||
	    poll(&poll_fd, 1, 10000) != 1 || launcher_receive(launcher, &outcome) < 0)
		fail("run in the sandbox");
	if (outcome.end != LAUNCH_EXITED || outcome.status != 0 || outcome.walls != 0x7ffe) {
		(void)fprintf(stderr, "sandbox_bench: walls %x, %s\n", outcome.walls, outcome.why);
		exit(1);
	}
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void sort(struct series *series, unsigned n)
{
	qsort(series->took_ns, n, sizeof(series->took_ns[0]), compare);
	series->median_us = (double)series->took_ns[n / 2] / 1000;
	series->min_us = (double)series->took_ns[0] / 1000;
}

/* The launcher knows job executables only: the program gets the name of one. */
static void copy_program(const char *program, char dir[32])
{
	char path[64], bytes[65536];
	int from = open(program, O_RDONLY | O_CLOEXEC), to;
	ssize_t got;

	(void)snprintf(dir, 32, "/tmp/constable-bench-XXXXXX");
	if (!mkdtemp(dir))
		fail("make a folder");
	(void)snprintf(path, sizeof(path), "%s/constable-job", dir);
	to = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	while ((got = read(from, bytes, sizeof(bytes))) > 0)
		if (write(to, bytes, (size_t)got) != got)
			fail(path);
	if (from < 0 || to < 0 || chmod(dir, 0755) < 0)
		fail(path);
	close(from);
	close(to);
}

static int write_filter(void)
{
	static struct assembler code;
	int fd = memfd_create("filter", 0);

	if (fd < 0 || filter_build(&code, 0) < 0 ||
	    write(fd, code.code, code.n * sizeof(code.code[0])) < 0)
		fail("write the filter");
	return fd;
}

/* The median decides; the least time is what it costs when nobody disturbs. */
static void print_ratio(const struct series *series, const struct series *peer, double target)
{
	(void)printf("{\"figure\": \"%s_against_%s\", \"value_us\": %.0f, \"peer_us\": %.0f, "
		     "\"ratio\": %.2f, \"min_us\": %.0f, \"peer_min_us\": %.0f, "
		     "\"min_ratio\": %.2f, \"target\": %.2f, \"met\": %s}\n",
		     series->name, peer->name, series->median_us, peer->median_us,
		     series->median_us / peer->median_us, series->min_us, peer->min_us,
		     series->min_us / peer->min_us, target,
		     series->median_us <= target * peer->median_us ? "true" : "false");
}

int main(int argc, char **argv)
{
	static struct series bare = { "fork_and_exec" }, ours = { "sandbox_start" },
			     theirs = { "bubblewrap" };
	unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 300;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), filter;
	char dir[32], path[64];
	const struct timespec settle = { .tv_nsec = 20 * NS_PER_MS };
	struct launcher launcher;
	struct error err = { 0 };
	uint64_t from;

	if (argc < 2 || n == 0 || n > MAX_ROUNDS)
		return 2;
	copy_program(argv[1], dir);
	(void)snprintf(path, sizeof(path), "%s/constable-job", dir);
	if (launcher_start(&launcher,
			   &(struct launcher_config) { .executables_dir = dir, .host_root = "/" },
			   &err) < 0)
		fail(err.text);
	filter = write_filter();
	for (unsigned i = 0; i < n + WARM_UP; i++) {
		unsigned at = i < WARM_UP ? 0 : i - WARM_UP;

		from = clock_monotonic_ns();
		run_bare(path);
		bare.took_ns[at] = clock_monotonic_ns() - from;
		from = clock_monotonic_ns();
		run_launcher(&launcher, null);
		ours.took_ns[at] = clock_monotonic_ns() - from;
		from = clock_monotonic_ns();
		run_bubblewrap(path, filter);
		theirs.took_ns[at] = clock_monotonic_ns() - from;
		/* The kernel takes its namespaces down behind its back: that time is
		 * nobody's, least of all that of the one measured next. */
		(void)nanosleep(&settle, NULL);
	}
	launcher_finish(&launcher);
	(void)unlink(path);
	(void)rmdir(dir);
	sort(&bare, n);
	sort(&ours, n);
	sort(&theirs, n);
	print_ratio(&ours, &bare, 2.0);
	print_ratio(&ours, &theirs, 0.25);
	return 0;
}
