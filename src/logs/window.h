/* Where in a log file, maybe a huge one, a window of time begins. */
#pragma once

#include "logs/logs.h"

struct log_window {
	uint64_t start; /* a line begins here */
	uint64_t size;  /* of the file */
	bool truncated; /* the window begins earlier, but only so much may be read */
	bool has_times; /* the search went by the lines' own times */
};

/*
 * Looks by binary search for the first line not older than 'since_ns' (0: the
 * file's beginning) and never begins more than 'max_bytes' before the end.
 * Where lines carry no time it is a piece of the end. Moves the descriptor's
 * position to the start. 0 or a negative errno (-ESPIPE: no regular file).
 */
int log_window_seek(int fd, const struct log_clock *clock, uint64_t since_ns, uint64_t max_bytes,
		    struct log_window *window_out) MUST_CHECK;

/* The same for the last 'n_lines' lines, again never more than 'max_bytes'. */
int log_window_seek_lines(int fd, uint64_t n_lines, uint64_t max_bytes,
			  struct log_window *window_out) MUST_CHECK;
