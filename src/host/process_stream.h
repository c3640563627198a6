/*
 * The process table as the kernel tells it in one go: the records of process_record.h, from a
 * descriptor that can be read once (who hands it out: call/sandbox/processes_internal.h).
 *
 * What it gives equals what process_read() gives of each, but for what changes meanwhile.
 */
#pragma once

#include "host/process.h"

#define PROCESS_STREAM_MAX_BYTES (32 * MIB)

/*
 * Reads 'host->processes_fd' to its end. 0, or a negative errno: it cannot be read, holds what is
 * no table, or was read before. 'n_threads_out' is how many records it holds.
 */
int process_stream_read(const struct host *host, struct process_table *table_out,
			size_t *n_threads_out) MUST_CHECK;

/*
 * The table that so many bytes are, which are changed; with room for one process more. 0, or
 * -EBADMSG where they are none. The names of some kernel threads are read from the host's /proc, as
 * nobody else knows them.
 */
int process_stream_decode(const struct host *host, void *bytes, size_t n_bytes,
			  struct process_table *table_out, size_t *n_threads_out) MUST_CHECK;
