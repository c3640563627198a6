/*
 * Reading one log file of the host: opened safely, from the start of a window
 * of time, each line with its time and severity.
 */
#pragma once

#include "base/lines.h"
#include "logs/window.h"
#include "tools/logs/log_host.h"

struct log_file {
	uint64_t size;
	double modified_s_ago;
	uint64_t first_line; /* number of the first line read, from 1; 0: unknown */
	bool truncated;

	/* private */
	int fd;
	struct lines lines;
	struct log_clock clock;
	uint64_t since_ns, until_ns, last_ns;
	uint64_t deadline_ns;
	void *decoder; /* of a compressed file, see log_archive.h */
	void (*decoder_close)(void *decoder);
};

struct log_entry {
	struct str text;
	uint64_t number;  /* of the line; 0: unknown */
	uint64_t time_ns; /* its own or that of the line it continues; 0: none known */
	bool has_time;    /* its own */
};

struct log_file_options {
	uint64_t since_ns;  /* 0: everything */
	uint64_t until_ns;  /* 0: to the end */
	uint64_t n_lines;   /* only the last so many; 0: all of the window */
	uint64_t max_bytes; /* of the file's end */
};

/* -EINVAL: not a regular file; -EILSEQ: binary. 0 or a negative errno. */
int log_file_open(struct log_file *file, struct task *task, const char *path,
		  const struct log_file_options *options) MUST_CHECK;
/* What log_file_open() and log_archive_open() begin with: the descriptor, size and age. */
int log_file_start(struct log_file *file, struct task *task, const char *path) MUST_CHECK;

void log_file_close(struct log_file *file);
void log_file_cleanup(struct log_file *file);

/* The next line inside the window. */
bool log_file_next(struct log_file *file, struct log_entry *entry_out);
