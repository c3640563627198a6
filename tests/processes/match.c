/*
 * Whether the process table from the kernel's stream is that of /proc, field by field, of every
 * process of this machine that stands still meanwhile, and of some that are there to differ: with
 * threads that worked and ended, stopped, dead, with another user, with an odd name.
 *
 * Prints TAP; needs root. Where the kernel has no such stream it says so and ends with status 77.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/clock.h"
#include "base/fd.h"
#include "host/process_stream.h"
#include "kernel/processes.h"

#define ROUNDS 40
#define WORK_NS (60 * NS_PER_MS)

static void *work(void *unused)
{
	struct timespec used = { 0 };

	while ((uint64_t)used.tv_nsec < WORK_NS)
		(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return unused;
}

static void *wait_here(void *unused)
{
	(void)work(NULL);
	for (;;)
		(void)pause();
	return unused;
}

static void be_threaded(void)
{
	pthread_t ended, waiting;

	(void)pthread_create(&ended, NULL, work, NULL);
	(void)pthread_join(ended, NULL);
	for (int i = 0; i < 3; i++)
		(void)pthread_create(&waiting, NULL, wait_here, NULL);
}

static void be_named(void)
{
	(void)prctl(PR_SET_NAME, "a\n(b) S 1\\c", 0, 0, 0);
}

static void be_another(void)
{
	if (syscall(SYS_setresuid, -1, 12345, -1) < 0)
		_exit(1);
}

static void be_stopped(void)
{
	(void)raise(SIGSTOP);
}

static void be_dead(void)
{
	_exit(0);
}

struct actor {
	const char *what;
	void (*become)(void);
	char state;
	pid_t pid;
};

static struct actor actors[] = {
	{ "a process with threads", be_threaded, 'S', 0 },
	{ "one with an odd name", be_named, 'S', 0 },
	{ "one with another effective user", be_another, 'S', 0 },
	{ "one that is stopped", be_stopped, 'T', 0 },
	{ "one that is dead", be_dead, 'Z', 0 },
};

static void start(struct actor *actor)
{
	pid_t parent = getpid();

	actor->pid = fork();
	if (actor->pid != 0)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (getppid() != parent)
		_exit(1);
	actor->become();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0); /* a change of users clears it */
	for (;;)
		(void)pause();
}

static void end(const struct actor *actor)
{
	(void)kill(actor->pid, SIGKILL);
	(void)waitpid(actor->pid, NULL, 0);
}

static bool is_same(const struct process *a, const struct process *b)
{
	return a->pid == b->pid && a->ppid == b->ppid && strcmp(a->comm, b->comm) == 0 &&
	       a->state == b->state && a->user_ticks == b->user_ticks &&
	       a->system_ticks == b->system_ticks && a->major_faults == b->major_faults &&
	       a->n_threads == b->n_threads && a->start_ticks == b->start_ticks &&
	       a->rss_pages == b->rss_pages && a->io_delay_ticks == b->io_delay_ticks &&
	       a->is_kernel == b->is_kernel;
}

static void print_process(const char *source, const struct process *p)
{
	(void)printf("# %s: %u (%s) %c ppid %u user %lu system %lu faults %lu threads %lu start "
		     "%lu rss %lu delay %lu kernel %d uid %u\n",
		     source, p->pid, p->comm, p->state, p->ppid, (unsigned long)p->user_ticks,
		     (unsigned long)p->system_ticks, (unsigned long)p->major_faults,
		     (unsigned long)p->n_threads, (unsigned long)p->start_ticks,
		     (unsigned long)p->rss_pages, (unsigned long)p->io_delay_ticks, p->is_kernel,
		     p->uid);
}

struct count {
	size_t n_stood_still, n_untold, n_differ, n_missing, n_actors;
};

static void compare(const struct host *host, const struct process *files,
		    const struct process *stream, struct count *count)
{
	struct process again;
	uid_t uid = UINT32_MAX;

	/* It moved, and no two readings agree. */
	if (!process_read(host, files->pid, &again) || !is_same(files, &again))
		return;
	count->n_stood_still++;
	if (!stream) {
		count->n_missing++;
		print_process("missing", files);
		return;
	}
	if (!stream->has_uid)
		count->n_untold++;
	if (is_same(files, stream) &&
	    (!stream->has_uid || (process_owner(host, files->pid, &uid) && uid == stream->uid))) {
		for (size_t i = 0; i < sizeof(actors) / sizeof(actors[0]); i++)
			count->n_actors += (uint32_t)actors[i].pid == stream->pid &&
					   actors[i].state == stream->state && stream->has_uid;
		return;
	}
	count->n_differ++;
	print_process("/proc ", &again);
	print_process("stream", stream);
}

/* One reading of each, one after the other. */
static struct count play(struct host *host, int link)
{
	struct process_table files = { 0 }, stream = { 0 };
	struct count count = { 0 };

	host->processes_fd = -1;
	if (process_table_read(host, &files) < 0)
		exit(1);
	host->processes_fd = bpf_iter_create(link);
	if (process_table_read(host, &stream) < 0 || stream.source != PROCESS_TABLE_STREAM)
		exit(1);
	for (size_t i = 0; i < files.n; i++)
		compare(host, &files.list[i], process_table_find(&stream, files.list[i].pid),
			&count);
	fd_close(&host->processes_fd);
	process_table_finish(&files);
	process_table_finish(&stream);
	return count;
}

/* Something may change and change back between two readings, but not each time. */
int main(void)
{
	size_t n_actors = sizeof(actors) / sizeof(actors[0]);
	struct host host = HOST_CLOSED;
	struct count count = { 0 };
	struct error err = { 0 };
	int link = processes_load(&err);
	bool is_good = false;

	if (link < 0) {
		(void)printf("# %s\n", err.text);
		return 77;
	}
	if (host_init(&host, "/", &err) < 0)
		return 1;
	for (size_t i = 0; i < n_actors; i++)
		start(&actors[i]);
	for (int i = 0; i < ROUNDS && !is_good; i++) {
		(void)poll(NULL, 0, i * 10); /* until all are what they are to be */
		count = play(&host, link);
		is_good = !count.n_differ && !count.n_missing && count.n_actors == n_actors &&
			  count.n_untold < count.n_stood_still / 10;
	}
	for (size_t i = 0; i < n_actors; i++)
		end(&actors[i]);
	(void)printf(
		"# %zu processes stood still, %zu of them made for this; %zu the kernel keeps to "
		"itself\n",
		count.n_stood_still, count.n_actors, count.n_untold);
	(void)printf("%s 1 - the stream of the kernel tells what /proc tells\n1..1\n",
		     is_good ? "ok" : "not ok");
	return !is_good;
}
