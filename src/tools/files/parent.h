/* The directory that holds a file, reached without a symlink deciding where that is. */
#pragma once

#include "call/tool.h"

/*
 * Opens the directory of an absolute path, component by component; a symlink
 * on the way is -ELOOP and named. 'name_out' is the last component, inside 'path'.
 */
int parent_open(const struct host *host, const char *path, const char **name_out,
		struct error *err);

/* The path with its symlinks resolved; its last component need not exist. */
int parent_resolve(const struct host *host, const char *path, char *out, size_t size,
		   struct error *err) MUST_CHECK;
