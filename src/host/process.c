#include "host/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/fd.h"
#include "host/pids.h"
#include "host/process_stream.h"

#define STAT_BYTES 1024
#define PATH_BYTES 64
#define PROC "proc/"
#define TICKS_PER_S 100        /* USER_HZ: part of the ABI on every architecture we build for */
#define KERNEL_FLAG 0x00200000 /* PF_KTHREAD */

/* The columns after the name, numbered from the state as 0. */
enum stat_column {
	COLUMN_PPID = 1,
	COLUMN_FLAGS = 6,
	COLUMN_MAJOR_FAULTS = 9,
	COLUMN_USER = 11,
	COLUMN_SYSTEM = 12,
	COLUMN_THREADS = 17,
	COLUMN_START = 19,
	COLUMN_RSS = 21,
	COLUMN_IO_DELAY = 39,
	N_COLUMNS = 40,
};

#define COLUMN_BIT(column) (UINT64_C(1) << (column))
#define COLUMNS_USED                                                                            \
	(COLUMN_BIT(COLUMN_PPID) | COLUMN_BIT(COLUMN_FLAGS) | COLUMN_BIT(COLUMN_MAJOR_FAULTS) | \
	 COLUMN_BIT(COLUMN_USER) | COLUMN_BIT(COLUMN_SYSTEM) | COLUMN_BIT(COLUMN_THREADS) |     \
	 COLUMN_BIT(COLUMN_START) | COLUMN_BIT(COLUMN_RSS) | COLUMN_BIT(COLUMN_IO_DELAY))

/* Numbers cost more than the blanks between them: of those not used none is read. */
static size_t parse_columns(const char *at, uint64_t columns[N_COLUMNS])
{
	size_t n = 1;

	for (; n < N_COLUMNS; n++) {
		int64_t value;

		while (*at == ' ')
			at++;
		if (!*at || *at == '\n')
			break;
		if (COLUMNS_USED & COLUMN_BIT(n) && scan_i64(&at, &value) && value > 0)
			columns[n] = (uint64_t)value;
		while ((unsigned char)*at > ' ')
			at++;
	}
	return n;
}

bool process_parse(const char *text, struct process *process_out)
{
	uint64_t columns[N_COLUMNS] = { 0 };
	struct process process = { 0 };
	const char *open = strchr(text, '(');
	const char *close = strrchr(text, ')'); /* a name may hold parentheses and blanks */
	const char *at = text;
	uint64_t pid;

	if (!open || !close || close < open || !scan_u64(&at, &pid) || pid == 0 || pid > INT32_MAX)
		return false;
	if (close[1] != ' ' || !close[2] || parse_columns(close + 3, columns) <= COLUMN_RSS)
		return false;
	process.pid = (uint32_t)pid;
	process.state = close[2];
	str_copy((struct str) { open + 1, (size_t)(close - open - 1) }, process.comm,
		 sizeof(process.comm));
	process.ppid = (uint32_t)columns[COLUMN_PPID];
	process.user_ticks = columns[COLUMN_USER];
	process.system_ticks = columns[COLUMN_SYSTEM];
	process.major_faults = columns[COLUMN_MAJOR_FAULTS];
	process.n_threads = columns[COLUMN_THREADS];
	process.start_ticks = columns[COLUMN_START];
	process.rss_pages = columns[COLUMN_RSS];
	process.io_delay_ticks = columns[COLUMN_IO_DELAY];
	process.is_kernel = (columns[COLUMN_FLAGS] & KERNEL_FLAG) != 0;
	*process_out = process;
	return true;
}

/* "proc/PID": printf would cost as much as all that is done with what the file says. */
static char *format_folder(uint32_t pid, char path[PATH_BYTES])
{
	char digits[DIGITS_MAX_BYTES], *end = digits + sizeof(digits);
	const char *start = digits_before(end, pid);
	char *at = mempcpy(path, PROC, strlen(PROC));

	at = mempcpy(at, start, (size_t)(end - start));
	*at = '\0';
	return at;
}

/* "proc/PID/FILE" */
static bool format_path(uint32_t pid, const char *file, char path[PATH_BYTES])
{
	char *at = format_folder(pid, path);

	*at++ = '/';
	return memccpy(at, file, '\0', (size_t)(path + PATH_BYTES - at)) != NULL;
}

bool process_owner(const struct host *host, uint32_t pid, uid_t *uid_out)
{
	struct stat folder;
	char path[PATH_BYTES];

	(void)format_folder(pid, path);
	if (fstatat(host->proc_fd, path + strlen(PROC), &folder, 0) < 0)
		return false;
	*uid_out = folder.st_uid;
	return true;
}

ssize_t process_read_file(const struct host *host, uint32_t pid, const char *file, char *text,
			  size_t size)
{
	CLEANUP(fd) int fd = -1;
	char path[PATH_BYTES];
	ssize_t len;

	if (!format_path(pid, file, path))
		return -ENAMETOOLONG;
	fd = host_open(host, path, O_RDONLY);
	if (fd < 0)
		return fd;
	/* The kernel writes such a file in one piece: asking for its end costs a call per file. */
	len = read(fd, text, size - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	return len;
}

bool process_read(const struct host *host, uint32_t pid, struct process *process_out)
{
	char text[STAT_BYTES];

	return process_read_file(host, pid, "stat", text, sizeof(text)) > 0 &&
	       process_parse(text, process_out) && process_out->pid == pid;
}

static void table_add(struct process_table *table, const struct process *process)
{
	if ((table->n & (table->n - 1)) == 0) {
		table->list = reallocarray(table->list, table->n ? table->n * 2 : 1,
					   sizeof(*table->list));
		if (!table->list)
			abort();
	}
	table->list[table->n++] = *process;
}

static int compare_pids(const void *left, const void *right)
{
	const struct process *a = left, *b = right;

	return (a->pid > b->pid) - (a->pid < b->pid);
}

/* How many threads the machine has, by its own count; 0 where it does not say. */
static size_t count_threads(const struct host *host)
{
	char text[128];
	const char *at;
	uint64_t n;

	if (host_read(host, "proc/loadavg", text, sizeof(text)) <= 0)
		return 0;
	at = strchr(text, '/'); /* behind those that run */
	if (!at)
		return 0;
	at++;
	return scan_u64(&at, &n) ? n : 0;
}

/*
 * Whether 'stream' is the whole table: whether it has as many threads as the machine, beside those
 * of the first process, which some kernels keep to themselves and which is then put before it.
 * Where /proc hides processes (hidepid), that one cannot be read, and what it shows must be asked
 * of it.
 */
static bool complete(const struct host *host, struct process_table *stream, size_t n_threads)
{
	size_t n_wanted = count_threads(host);
	struct process first;

	if (!n_wanted || !process_read(host, 1, &first))
		return false;
	if (process_table_find(stream, 1))
		return n_threads >= n_wanted;
	if (n_threads + first.n_threads < n_wanted)
		return false;
	memmove(stream->list + 1, stream->list, stream->n * sizeof(*stream->list));
	stream->list[0] = first;
	stream->n++;
	return true;
}

/* One by one; 'stream' spares reading those that it has. */
static int read_each(const struct host *host, const struct process_table *stream,
		     struct process_table *table_out)
{
	CLEANUP(pids) struct pids pids = { 0 };
	struct process_table table = { .source = stream->source };
	int r = pids_read(host, "proc", &pids);

	if (r < 0)
		return r;
	table.truncated = pids.truncated;
	for (size_t i = 0; i < pids.n; i++) {
		const struct process *found = process_table_find(stream, pids.list[i]);
		struct process process;

		if (found)
			table_add(&table, found);
		else if (process_read(host, pids.list[i], &process))
			table_add(&table, &process);
	}
	*table_out = table;
	return 0;
}

int process_table_read(const struct host *host, struct process_table *table_out)
{
	CLEANUP(process_table) struct process_table stream = { 0 };
	size_t n_threads = 0;

	if (process_stream_read(host, &stream, &n_threads) == 0 &&
	    complete(host, &stream, n_threads)) {
		*table_out = stream;
		stream = (struct process_table) { 0 };
		return 0;
	}
	return read_each(host, &stream, table_out);
}

void process_table_again(const struct host *host, const struct process_table *before,
			 struct process_table *table_out)
{
	struct process_table table = { .truncated = before->truncated };

	for (size_t i = 0; i < before->n; i++) {
		struct process process;

		if (process_read(host, before->list[i].pid, &process))
			table_add(&table, &process);
	}
	*table_out = table;
}

void process_table_finish(struct process_table *table)
{
	free(table->list);
	*table = (struct process_table) { 0 };
}

void process_table_cleanup(struct process_table *table)
{
	process_table_finish(table);
}

const struct process *process_table_find(const struct process_table *table, uint32_t pid)
{
	const struct process key = { .pid = pid };

	if (!table->n)
		return NULL;
	return bsearch(&key, table->list, table->n, sizeof(key), compare_pids);
}

const struct process *process_table_match(const struct process_table *table,
					  const struct process *process)
{
	const struct process *found = process_table_find(table, process->pid);

	return found && found->start_ticks == process->start_ticks ? found : NULL;
}

double process_cpu_percent(const struct process *before, const struct process *after,
			   uint64_t elapsed_ns)
{
	uint64_t from = before->user_ticks + before->system_ticks;
	uint64_t to = after->user_ticks + after->system_ticks;

	if (to <= from || !elapsed_ns)
		return 0;
	return (double)(to - from) * 100 / TICKS_PER_S * (double)NS_PER_SEC / (double)elapsed_ns;
}

uint64_t process_rss_bytes(const struct process *process)
{
	return process->rss_pages * (uint64_t)sysconf(_SC_PAGESIZE);
}
