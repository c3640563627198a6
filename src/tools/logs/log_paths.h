/* Which files of the host are logs that somebody writes to now. */
#pragma once

#include "tools/logs/log_host.h"

/*
 * Files below /var/log, and log-like files that processes hold open for
 * writing (as far as the broker tells), changed in the last 'since_s' seconds:
 * a new array of absolute paths, newest first. What could not be listed goes
 * to result.unread; "truncated" is set if there are more than 'max'. 'writers', an
 * object or NULL, gets for each path that a process holds open {pid, comm,
 * started_s_ago} of the one that has done so for longest.
 */
json_t *log_paths_recent(struct task *task, double since_s, size_t max, json_t *writers,
			 json_t *result);
