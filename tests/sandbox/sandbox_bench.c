/*
 * What a sandbox costs: from request to outcome of a program that does nothing,
 * against bare fork and exec, and against bubblewrap with every wall it offers.
 * Interleaved, so that what else the machine does falls on all alike; each after
 * the same pause, so that none finds the machine warm from the one before.
 *
 * Ours may be raised while nobody waits, so the time of the processor is told as
 * well: all of the launcher's and of what it started, waited for or not.
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
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "call/sandbox/filter_internal.h"
#include "call/sandbox/launcher.h"

#define MAX_ROUNDS 5000
#define US_PER_SEC 1000000.0
#define WARM_UP 20

struct series {
	const char *name;
	uint64_t took_ns[MAX_ROUNDS];
	double median_us, min_us;
	double cpu_us; /* of all rounds */
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "sandbox_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double cpu_us(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * US_PER_SEC +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec);
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

/* True if its sandbox had waited for it. */
static bool run_launcher(const struct launcher *launcher, int null)
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
	return outcome.was_waiting;
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

static void print_cpu(const struct series *series, const struct series *peer, unsigned n)
{
	(void)printf("{\"figure\": \"%s_cpu_against_%s\", \"value_us\": %.0f, "
		     "\"peer_us\": %.0f, \"ratio\": %.2f}\n",
		     series->name, peer->name, series->cpu_us / n, peer->cpu_us / n,
		     series->cpu_us / peer->cpu_us);
}

struct bench {
	struct series bare, ours, theirs;
	struct launcher launcher;
	const char *program;
	int null, filter;
	unsigned n_waited;
};

static double children_us(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_CHILDREN, &usage);
	return cpu_us(&usage);
}

/* The kernel takes a namespace down behind the back of whoever made it: that time
 * is nobody's, least of all that of the one measured next. */
static uint64_t settle(void)
{
	const struct timespec pause = { .tv_nsec = 20 * NS_PER_MS };

	(void)nanosleep(&pause, NULL);
	return clock_monotonic_ns();
}

static void play_round(struct bench *bench, unsigned at)
{
	double before_us = children_us();
	uint64_t from = settle();

	run_bare(bench->program);
	bench->bare.took_ns[at] = clock_monotonic_ns() - from;
	bench->bare.cpu_us += children_us() - before_us;
	from = settle();
	bench->n_waited += run_launcher(&bench->launcher, bench->null);
	bench->ours.took_ns[at] = clock_monotonic_ns() - from;
	before_us = children_us();
	from = settle();
	run_bubblewrap(bench->program, bench->filter);
	bench->theirs.took_ns[at] = clock_monotonic_ns() - from;
	bench->theirs.cpu_us += children_us() - before_us;
}

static void play(struct bench *bench, unsigned n)
{
	double before_us;

	for (unsigned i = 0; i < WARM_UP; i++)
		play_round(bench, 0);
	bench->bare.cpu_us = bench->theirs.cpu_us = bench->n_waited = 0;
	for (unsigned i = 0; i < n; i++)
		play_round(bench, i);
	before_us = children_us();
	launcher_finish(&bench->launcher);
	/* With its start and the rounds of the warm-up, so a little too much. */
	bench->ours.cpu_us = children_us() - before_us;
}

static void print(struct bench *bench, unsigned n)
{
	sort(&bench->bare, n);
	sort(&bench->ours, n);
	sort(&bench->theirs, n);
	print_ratio(&bench->ours, &bench->bare, 2.0);
	print_ratio(&bench->ours, &bench->theirs, 0.25);
	print_cpu(&bench->ours, &bench->bare, n);
	print_cpu(&bench->ours, &bench->theirs, n);
	(void)printf("{\"figure\": \"sandbox_raised_before\", \"value\": %u, \"of\": %u}\n",
		     bench->n_waited, n);
}

int main(int argc, char **argv)
{
	static struct bench bench = { .bare = { "fork_and_exec" },
				      .ours = { "sandbox_start" },
				      .theirs = { "bubblewrap" } };
	unsigned n = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 300;
	char dir[32], path[64];
	struct error err = { 0 };

	if (argc < 2 || n == 0 || n > MAX_ROUNDS)
		return 2;
	bench.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	copy_program(argv[1], dir);
	(void)snprintf(path, sizeof(path), "%s/constable-job", dir);
	bench.program = path;
	if (launcher_start(&bench.launcher,
			   &(struct launcher_config) { .executables_dir = dir, .host_root = "/" },
			   &err) < 0)
		fail(err.text);
	bench.filter = write_filter();
	play(&bench, n);
	(void)unlink(path);
	(void)rmdir(dir);
	print(&bench, n);
	return 0;
}
