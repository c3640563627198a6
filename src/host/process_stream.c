#include "host/process_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/pids.h"
#include "host/process_record.h"

#define NS_PER_TICK (NS_PER_SEC / 100) /* USER_HZ */

/* Bits of a thread's state, TASK_*: the kernel's own, not its ABI. */
#define STATE_REPORTED 0x7fU
#define STATE_UNINTERRUPTIBLE 0x2U
#define STATE_IDLE 0x402U
#define STATE_LOCK_OR_FROZEN (0x1000U | 0x8000U) /* both are told as uninterruptible */

/* By the number of the highest bit. */
static const char state_letters[] = "RSDTtXZPI";

/* The records of the first threads, in the bytes that were read. */
struct leaders {
	struct process_record **list; /* ascending */
	size_t n, n_allocated;
};

static void leaders_cleanup(struct leaders *leaders)
{
	free(leaders->list);
}

static void add_leader(struct leaders *leaders, struct process_record *record)
{
	if (leaders->n == leaders->n_allocated) {
		leaders->n_allocated = leaders->n_allocated ? leaders->n_allocated * 2 : 256;
		leaders->list = reallocarray(leaders->list, leaders->n_allocated,
					     sizeof(struct process_record *));
		if (!leaders->list)
			abort();
	}
	leaders->list[leaders->n++] = record;
}

static int compare_leaders(const void *left, const void *right)
{
	const struct process_record *const *a = left, *const *b = right;

	return ((*a)->thread.pid > (*b)->thread.pid) - ((*a)->thread.pid < (*b)->thread.pid);
}

static bool is_kernel(const struct process_record *record)
{
	return record->flags & PROCESS_RECORD_KERNEL;
}

/* 0 where there are too few bytes to tell. */
static size_t size_of(const void *record, size_t n_bytes)
{
	const struct thread_record *thread = record;

	if (n_bytes < sizeof(*thread))
		return 0;
	if (thread->tid != thread->pid)
		return sizeof(*thread);
	if (n_bytes < sizeof(struct process_record))
		return 0;
	return is_kernel(record) ? sizeof(struct kernel_record) : sizeof(struct process_record);
}

/* The record at 'at', or NULL where the rest is none. */
static struct thread_record *record_at(char *bytes, size_t n_bytes, size_t at)
{
	struct thread_record *record = (void *)(bytes + at);
	size_t size = size_of(record, n_bytes - at);

	if (!size || n_bytes - at < size)
		return NULL;
	return record->tid && record->tid <= INT32_MAX && record->pid <= INT32_MAX ? record : NULL;
}

static int find_leaders(char *bytes, size_t n_bytes, struct leaders *leaders, size_t *n_out)
{
	uint32_t last = 0;
	size_t at = 0;

	while (at < n_bytes) {
		struct thread_record *record = record_at(bytes, n_bytes, at);

		if (!record || record->tid <= last)
			return -EBADMSG;
		last = record->tid;
		if (record->tid == record->pid)
			add_leader(leaders, (struct process_record *)(void *)record);
		at += size_of(record, n_bytes - at);
		++*n_out;
	}
	return 0;
}

/* What a process used is what its threads used. */
static void add_threads(const char *bytes, size_t n_bytes, const struct leaders *leaders)
{
	const struct thread_record *record;

	for (size_t at = 0; at < n_bytes; at += size_of(record, n_bytes - at)) {
		struct process_record key, *wanted = &key, **found;

		record = (const void *)(bytes + at);
		if (record->tid == record->pid || !leaders->n)
			continue;
		key.thread.pid = record->pid;
		found = bsearch(&wanted, leaders->list, leaders->n, sizeof(wanted),
				compare_leaders);
		if (!found)
			continue; /* it began while the table was read */
		(*found)->thread.user_ns += record->user_ns;
		(*found)->thread.system_ns += record->system_ns;
		(*found)->thread.runtime_ns += record->runtime_ns;
		(*found)->thread.major_faults += record->major_faults;
	}
}

static char state_letter(const struct process_record *record)
{
	uint32_t state = (record->state | record->exit_state) & STATE_REPORTED;

	if (record->state & STATE_LOCK_OR_FROZEN)
		state = STATE_UNINTERRUPTIBLE;
	else if ((record->state & STATE_IDLE) == STATE_IDLE)
		state = STATE_REPORTED + 1;
	return state_letters[state ? 32 - __builtin_clz(state) : 0];
}

/* What falls on 'part' of 'part' and 'rest', which are not both 0. */
static uint64_t share(uint64_t whole, uint64_t part, uint64_t rest)
{
	return (uint64_t)((unsigned __int128)whole * part / ((unsigned __int128)part + rest));
}

/*
 * As the kernel's cputime_adjust(): the scheduler's time is exact, the timer's samples say how to
 * divide it, and neither part may go back behind what was told before.
 */
static void set_times(const struct process_record *record, struct process *process)
{
	uint64_t runtime = record->thread.runtime_ns;
	uint64_t user = record->told_user_ns, kernel = record->told_system_ns;

	if (user + kernel < runtime) {
		if (!record->thread.system_ns)
			kernel = 0;
		else if (!record->thread.user_ns)
			kernel = runtime;
		else
			kernel = share(runtime, record->thread.system_ns, record->thread.user_ns);
		if (kernel < record->told_system_ns)
			kernel = record->told_system_ns;
		user = runtime - kernel;
		if (kernel > runtime || user < record->told_user_ns) {
			user = record->told_user_ns;
			kernel = runtime - user;
		}
	}
	process->user_ticks = user / NS_PER_TICK;
	process->system_ticks = kernel / NS_PER_TICK;
}

/* Whether /proc writes it as it is. Kernels differ in what they do with the others. */
static bool is_plain(const char *name)
{
	return !strpbrk(name, "\n\\");
}

static void append(char name[PROCESS_COMM_BYTES], const char *more, size_t max)
{
	size_t len = strlen(name);

	str_copy((struct str) { more, strnlen(more, max) }, name + len, PROCESS_COMM_BYTES - len);
}

/* Since 6.9; the others' names are short. */
static bool is_rescuer(const char *name)
{
	return strncmp(name, "kworker/R-", strlen("kworker/R-")) == 0;
}

/*
 * Where both names of a worker are the same no kernel goes by another; but since 6.10 one that has
 * left its pool is "dying", and then it is not known what it worked for.
 */
static bool is_doubtful(const struct kernel_record *record, const char *name)
{
	return record->name[0] && !is_rescuer(name) &&
	       (!record->work[0] || strncmp(record->name, name, sizeof(record->name)) != 0);
}

/*
 * A kernel thread's name may be longer than its 'comm', and a worker's tells what it works for.
 * False where only /proc knows: before 5.17, and until 6.10 which of both names a worker goes by.
 */
static bool extend_name(const struct kernel_record *record, char name[PROCESS_COMM_BYTES])
{
	bool is_worker = record->process.flags & PROCESS_RECORD_WORKER;

	if (!record->is_known || (is_worker && is_doubtful(record, name)))
		return !is_worker && strlen(name) + 1 < PROCESS_RECORD_COMM_BYTES;
	if (record->name[0]) {
		name[0] = '\0';
		append(name, record->name, sizeof(record->name));
	}
	if (is_worker && record->work[0]) {
		append(name, record->is_working ? "+" : "-", 1);
		append(name, record->work, sizeof(record->work));
	}
	return true;
}

static void set_name(const struct host *host, const struct process_record *record,
		     struct process *process)
{
	char *name = process->comm;
	struct process told;

	name[0] = '\0';
	append(name, record->comm, sizeof(record->comm));
	if (is_kernel(record) ? extend_name((const void *)record, name) : is_plain(name))
		return;
	if (process_read(host, process->pid, &told))
		memcpy(name, told.comm, sizeof(told.comm));
}

static void decode_one(const struct host *host, const struct process_record *record,
		       struct process *process)
{
	*process = (struct process) {
		.pid = record->thread.pid,
		.ppid = record->ppid,
		.state = state_letter(record),
		.major_faults = record->thread.major_faults,
		.n_threads = record->n_threads,
		.start_ticks = record->started_ns / NS_PER_TICK,
		.rss_pages = record->rss_pages,
		.io_delay_ticks = record->io_delay_ns / NS_PER_TICK,
		.is_kernel = is_kernel(record),
		.uid = record->uid,
		.has_uid = true,
	};
	set_times(record, process);
	set_name(host, record, process);
}

int process_stream_decode(const struct host *host, void *bytes, size_t n_bytes,
			  struct process_table *table_out, size_t *n_threads_out)
{
	CLEANUP(leaders) struct leaders leaders = { 0 };
	struct process_table table = { .source = PROCESS_TABLE_STREAM };
	size_t n_threads = 0;
	int r = find_leaders(bytes, n_bytes, &leaders, &n_threads);

	if (r < 0)
		return r;
	add_threads(bytes, n_bytes, &leaders);
	table.truncated = leaders.n > PIDS_MAX;
	table.n = table.truncated ? PIDS_MAX : leaders.n;
	table.list = calloc(table.n + 1, sizeof(*table.list));
	if (!table.list)
		abort();
	for (size_t i = 0; i < table.n; i++)
		decode_one(host, leaders.list[i], &table.list[i]);
	*table_out = table;
	*n_threads_out = n_threads;
	return 0;
}

int process_stream_read(const struct host *host, struct process_table *table_out,
			size_t *n_threads_out)
{
	CLEANUP(buf) struct buf bytes = { 0 };
	int r;

	if (host->processes_fd < 0)
		return -ENOENT;
	buf_init(&bytes, PROCESS_STREAM_MAX_BYTES);
	r = buf_read_fd(&bytes, host->processes_fd);
	if (r < 0)
		return r;
	if (bytes.dropped || !bytes.len)
		return bytes.len ? -EFBIG : -ENODATA;
	return process_stream_decode(host, bytes.data, bytes.len, table_out, n_threads_out);
}
