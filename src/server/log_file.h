/*
 * The log as JSON, one object per line: to standard error, or to a file that is renamed
 * to FILE.1 at 100 MB, FILE.1 to FILE.2, up to FILE.5.
 */
#pragma once

#include "base/error.h"

#define LOG_FILE_MAX_BYTES (100 * 1000 * (uint64_t)1000)
#define LOG_FILE_KEPT 5

struct log_file;

/* 'path' "": standard error. 'max_bytes' 0: LOG_FILE_MAX_BYTES. NULL with 'err'. */
struct log_file *log_file_open(const char *path, uint64_t max_bytes, struct error *err);
void log_file_close(struct log_file *log);

/* For log_set_writer(): what cannot be written is lost, and counted in the next line. */
void log_file_write(int level, const char *text, void *data);
