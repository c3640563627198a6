/* Which files of the host are logs that somebody writes to now. */
#pragma once

#include "tools/logs/log_host.h"

/*
 * Files below /var/log, and log-like files that processes hold open for
 * writing (as far as the broker tells), changed in the last 'since_s' seconds:
 * a new array of absolute paths, newest first. What could not be listed goes
 * to result.unread; "truncated" is set if there are more than 'max'. 'writers' gets
 * for each path that a process holds open {pid, comm, started_s_ago} of the one that has done
 * so for longest.
 */
struct log_paths_query {
	double since_s;
	size_t max;
	/*
	 * Names of Kubernetes namespaces, or NULL: of the pods that run on this host, which log
	 * to /var/log/pods/NAMESPACE_POD_UID, only theirs. Other files belong to no namespace.
	 */
	const json_t *namespaces;
	json_t *writers; /* an object, or NULL */
};

json_t *log_paths_recent(struct task *task, const struct log_paths_query *query, json_t *result);

/* The schema of such names. */
#define LOG_PATHS_NAMESPACES                                                                   \
	"{\"type\":\"array\",\"minItems\":1,\"maxItems\":64,\"items\":{\"type\":\"string\","   \
	"\"minLength\":1,\"maxLength\":63},\"description\":\"of the logs of Kubernetes pods, " \
	"only those of these namespaces\"}"
