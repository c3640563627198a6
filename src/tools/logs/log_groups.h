/*
 * Lines grouped by their skeleton, so that a flood of one error does not hide
 * another: each group keeps its count, first and last time, and latest line.
 */
#pragma once

#include "tools/logs/log_file.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define LOG_GROUPS_RESULT                                                           \
	"[{pattern?: string, count: integer, text: string, line_number?: integer, " \
	"seconds_ago?: number, first_seconds_ago?: number}]"

#define LOG_GROUPS_MAX 2000

struct log_groups {
	json_t *groups;  /* skeleton -> {pattern, count, line_number, text, seconds_ago, ...} */
	uint64_t others; /* lines of skeletons beyond the limit */
	const struct task *task;
};

void log_groups_init(struct log_groups *groups, const struct task *task);
void log_groups_finish(struct log_groups *groups);

void log_groups_add(struct log_groups *groups, const struct log_clock *clock,
		    const struct log_entry *entry);

enum log_groups_order {
	LOG_GROUPS_LATEST,
	LOG_GROUPS_MOST,
};

/* A new array of at most 'max' entries. */
json_t *log_groups_top(const struct log_groups *groups, enum log_groups_order order, size_t max);
