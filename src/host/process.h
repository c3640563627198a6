/*
 * The process table, from /proc/PID/stat, or at a tenth of the cost from the kernel's stream.
 *
 * Processes come and go while it is read: those that vanish are left out. What
 * only the owner may see (open files, I/O) is not here but behind the broker.
 */
#pragma once

#include <sys/types.h>

#include "host/host.h"

#define PROCESS_COMM_BYTES 64

struct process {
	uint32_t pid, ppid;
	char comm[PROCESS_COMM_BYTES]; /* bytes of the host, perhaps not UTF-8 */
	char state;                    /* R S D Z T t X I */
	uint64_t user_ticks, system_ticks;
	uint64_t major_faults;
	uint64_t n_threads;
	uint64_t start_ticks; /* after boot; with pid it names a process for good */
	uint64_t rss_pages;
	uint64_t io_delay_ticks; /* waited for block I/O; 0 where the kernel does not count */
	bool is_kernel;          /* a kernel thread */
	bool has_uid;            /* read from a stream, 'uid' is known: the effective user */
	uid_t uid;
};

enum process_table_source {
	PROCESS_TABLE_FILES,  /* /proc/PID/stat of each */
	PROCESS_TABLE_STREAM, /* most from there, see process_stream.h */
};

struct process_table {
	struct process *list; /* by pid */
	size_t n;
	bool truncated; /* more than PIDS_MAX */
	enum process_table_source source;
};

/* False where the text is not a line of /proc/PID/stat. */
bool process_parse(const char *text, struct process *process_out);

/* Reads one; false if it is gone. */
bool process_read(const struct host *host, uint32_t pid, struct process *process_out);

/*
 * Who is in it /proc says; what is said of each comes from the stream where the host has one that
 * was not read yet, else from its files: a kernel may keep some to itself. 0, or a negative errno
 * where /proc cannot be listed.
 */
int process_table_read(const struct host *host, struct process_table *table_out) MUST_CHECK;

/* Reads the processes of 'before' once more; those that are gone are left out. */
void process_table_again(const struct host *host, const struct process_table *before,
			 struct process_table *table_out);

void process_table_finish(struct process_table *table);
void process_table_cleanup(struct process_table *table);

const struct process *process_table_find(const struct process_table *table, uint32_t pid);

/* The same process in an earlier reading, or NULL: a pid may have been used again. */
const struct process *process_table_match(const struct process_table *table,
					  const struct process *process);

/* CPU time between two readings in percent of one processor. */
double process_cpu_percent(const struct process *before, const struct process *after,
			   uint64_t elapsed_ns);

uint64_t process_rss_bytes(const struct process *process);

/*
 * Who owns /proc/PID of a real machine: the effective user; of a fixture it is whoever checked it
 * out. False if it is gone.
 */
bool process_owner(const struct host *host, uint32_t pid, uid_t *uid_out);

/* Reads "proc/PID/FILE", cut to 'size'. Length or a negative errno. */
ssize_t process_read_file(const struct host *host, uint32_t pid, const char *file, char *text,
			  size_t size) MUST_CHECK;
