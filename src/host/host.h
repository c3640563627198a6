/*
 * A machine to look at: this one, or a fixture directory that looks like one.
 *
 * Paths are relative to the machine's root, without a leading slash
 * ("proc/loadavg"). In a fixture, absolute symlinks stay inside it; what no
 * file system can show (statfs, the kernel log, what only the broker may read)
 * lies in ".host/" as JSON, see host_recorded(). Everything read is foreign:
 * bounded by the caller, any file may vanish at any moment, and a missing file
 * is -ENOENT, which is usually an answer and not a failure.
 */
#pragma once

#include <sys/statvfs.h>

#include "base/buf.h"
#include "base/json.h"

struct host {
	int root_fd;
	int proc_fd;      /* "proc" of a real machine, as most paths begin with it; or -1 */
	int processes_fd; /* where the kernel tells its process table, see process_stream.h; or -1
			   */
	int later_fd;     /* a fixture's "later/": what differs after host_wait(); or -1 */
	bool is_fixture;
	bool has_waited;
};

/* Nothing opened yet; host_finish() may be called. */
#define HOST_CLOSED                                                              \
	{                                                                        \
		.root_fd = -1, .proc_fd = -1, .processes_fd = -1, .later_fd = -1 \
	}

/* 'root' is "/" or a fixture directory. */
int host_init(struct host *host, const char *root, struct error *err) MUST_CHECK;
void host_finish(struct host *host);
void host_cleanup(struct host *host);

/*
 * The folder 'path' as a machine of its own, for who reads many files of it: of what a file of /sys
 * costs most is the way there. In a fixture no link in it leads out of it. 0 or a negative errno,
 * and then nothing is to be finished.
 */
int host_enter(const struct host *host, const char *path, struct host *folder_out) MUST_CHECK;

/* A descriptor, or a negative errno. Never blocks on a FIFO: O_NONBLOCK is added. */
int host_open(const struct host *host, const char *path, int flags) MUST_CHECK;

/*
 * Reads a whole small file (of /proc or /sys) as NUL-terminated text, cut to
 * 'size'. Returns its length or a negative errno.
 */
ssize_t host_read(const struct host *host, const char *path, char *text, size_t size) MUST_CHECK;

/* The same into a buffer with its own ceiling. 0 or a negative errno. */
int host_read_buf(const struct host *host, const char *path, struct buf *buf) MUST_CHECK;

/* One number in a file; false if it is missing or something else. "max" is UINT64_MAX. */
bool host_read_u64(const struct host *host, const char *path, uint64_t *value_out);

/* As readlinkat(2), NUL-terminated. Length or a negative errno. */
ssize_t host_readlink(const struct host *host, const char *path, char *target,
		      size_t size) MUST_CHECK;

bool host_exists(const struct host *host, const char *path);

/* Whether a job's walls cover the path with an empty node, see call/sandbox/masks.c: a secret. */
bool host_is_covered(const struct host *host, const char *path);

/*
 * Names in a directory, "." and ".." left out, sorted, at most 'max'. A JSON
 * array of strings (NULL with errno set if it cannot be listed).
 */
json_t *host_list(const struct host *host, const char *path, size_t max);

/* Figures of the file system mounted at 'path' (absolute). 0 or a negative errno. */
int host_statvfs(const struct host *host, const char *path, struct statvfs *figures_out) MUST_CHECK;

/*
 * Lets time pass between two samples: sleeps, or turns a fixture to its
 * "later/". Returns the time that passed by the machine's own clock.
 */
uint64_t host_wait(struct host *host, uint64_t duration_ns);

/* The machine's wall clock; a fixture's stands still at ".host/now" (seconds). */
uint64_t host_now_ns(const struct host *host);

/*
 * What a fixture recorded under ".host/NAME.json"; NULL on a real machine or if
 * it recorded nothing of that name. A new reference.
 */
json_t *host_recorded(const struct host *host, const char *name);
