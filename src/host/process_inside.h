/*
 * The inside of a process: what only root and its own user may see. Its
 * environment is never read.
 */
#pragma once

#include "host/host.h"

/*
 * {exe, exe_deleted, cwd, root, io: {…}, maps_files: [{path, deleted}]} of a process; members
 * that could not be read are null, and 'code_out' says why (0: all could). A new reference.
 */
json_t *process_inside_json(const struct host *host, uint32_t pid, int *code_out);

/* [{pid, read_bytes, write_bytes, …}] in order of pid; how many could not be read, and why. */
json_t *process_io_json(const struct host *host, size_t *n_unreadable_out, int *code_out);
