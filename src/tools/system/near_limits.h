/* The worst few of many that have a limit, and processes near one of theirs. */
#pragma once

#include "call/tool.h"

struct near_limits {
	size_t max; /* how many to keep */

	/* private */
	struct near_limit *list;
	size_t n;
};

/* Takes 'json'; keeps it if it is among the worst so far. */
void near_limits_offer(struct near_limits *near, double used_percent, json_t *json);

/* An array, worst first; empties 'near'. A new reference. */
json_t *near_limits_take(struct near_limits *near);

/* Puts "processes_near_limit": at least half of their open files or processes used. */
void near_limits_put_processes(struct task *task, json_t *result);
