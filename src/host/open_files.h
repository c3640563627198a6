/*
 * What processes hold open, from /proc/PID/fd. Only for who may look into them:
 * root, or their own user; the broker asks on behalf of others.
 */
#pragma once

#include "host/process.h"

/* What could not be seen, for the caller to name. */
struct open_files_gaps {
	size_t n_unreadable; /* processes */
	int code;            /* why the last of them was not */
	bool truncated;
};

/*
 * [{pid, comm, n_fds, files: [{fd, path, type, deleted, size_bytes, disk_bytes, access, inode,
 * device}]}] in order of pid. With pid 0 of all processes, and of files only those that are
 * deleted or open for writing. A new reference.
 */
json_t *open_files_json(const struct host *host, uint32_t pid, struct open_files_gaps *gaps_out);

/* [{inode, pid, comm, fd}]: who holds which socket. A new reference. */
json_t *open_sockets_json(const struct host *host, struct open_files_gaps *gaps_out);

/*
 * How many descriptors a process holds, as kernels since 6.2 tell everybody;
 * false where they do not.
 */
bool open_files_count(const struct host *host, uint32_t pid, uint64_t *n_out);
