/* Log files that a rotation has compressed: gzip, xz, zstd, bzip2, lz4, by their bytes. */
#pragma once

#include "tools/logs/log_file.h"

/* Whether the file's name says that it is compressed. */
bool log_archive_is_name(const char *path);

/* As log_file_open(), which it is for a file that is not compressed; max_bytes are decoded ones. */
int log_archive_open(struct log_file *file, struct task *task, const char *path,
		     const struct log_file_options *options) MUST_CHECK;

/*
 * The file and its rotations, newest first: PATH, PATH.1, PATH.2.gz,
 * PATH-20261101.xz ... at most 'max'. A new array of absolute paths.
 */
json_t *log_archive_rotations(const struct host *host, const char *path, size_t max);
