/* The log files that seem to be a service's, by their names, newest first. */
#pragma once

#include "call/tool.h"

/*
 * [{path, bytes, modified_s_ago, errors: [lines], last: [lines]}] of files such as
 * /var/log/NAME.log and /var/log/NAME/error.log. A new array; what is there but
 * unreadable goes to result.unread.
 */
json_t *service_logs_read(struct task *task, const char *name, json_t *result);
