/*
 * Opening what somebody named: regular files only, never anything that blocks,
 * rewinds or acts when it is opened.
 */
#pragma once

#include <sys/stat.h>

#include "call/tool.h"

/*
 * Opens 'path' (absolute) for reading, symlinks followed. The type is known
 * before anything but a path descriptor is opened. Returns the descriptor or a
 * negative errno with a sentence: -EISDIR, -ELOOP, -ENOENT, -EACCES, and -EINVAL
 * for a FIFO, socket or device.
 */
int files_open_regular(const struct host *host, const char *path, struct stat *stat_out,
		       struct error *err);

/* What host_is_covered() is no empty file or folder: the error that says so. */
int files_refuse_covered(const char *path, struct error *err);

/* "file" "dir" "symlink" "fifo" "socket" "block" "char". */
const char *files_type_name(mode_t mode);

/* "-rw-r--r--"; returns 'text'. */
#define FILES_PERMISSIONS_BYTES 11
const char *files_permissions(mode_t mode, char text[FILES_PERMISSIONS_BYTES]);

/* "path", or the name that the argument has elsewhere. -EINVAL if neither is there. */
int files_path_argument(const json_t *args, const char *other_name, const char **path_out,
			struct error *err) MUST_CHECK;

json_t *files_modified(const struct stat *status);
