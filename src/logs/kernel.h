/*
 * What lines of the kernel log mean: a const table of patterns (kernel_table.c)
 * sorts them into kinds such as "oom_kills" or "io_errors" and takes out the
 * device, process, cgroup, interface or module that a line names.
 */
#pragma once

#include "base/json.h"

/* At most so many events of one kind are kept, the latest; all are counted. */
#define KERNEL_LOG_MAX_EVENTS 40

struct kernel_pattern {
	const char *kind;   /* member of the result, plural */
	const char *anchor; /* must occur in the line, so that most lines cost little */
	const char
		*regex; /* PCRE2 with named groups, which become members; NULL: the anchor does */
};

extern const struct kernel_pattern kernel_patterns[]; /* ends with a NULL kind */

struct kernel_log;

struct kernel_log *kernel_log_new(void);
void kernel_log_free(struct kernel_log *log);
void kernel_log_cleanup(struct kernel_log **log);

/* One message without its timestamp, in order of time. */
void kernel_log_add(struct kernel_log *log, struct str text, double seconds_ago);

/* Puts "counts" of every kind (0 too) and an array of events for each kind that occurred. */
void kernel_log_report(const struct kernel_log *log, json_t *result);
