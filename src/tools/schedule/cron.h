/*
 * Cron tables: "MIN HOUR DAY MONTH WEEKDAY [USER] COMMAND" or "@reboot ...",
 * "NAME=value" lines before them. Anacron's: "DAYS DELAY NAME COMMAND", where DAYS
 * may be "@monthly" and the like.
 */
#pragma once

#include "base/json.h"

enum cron_kind {
	CRON_SYSTEM, /* /etc/crontab and cron.d: with a user */
	CRON_USER,   /* a user's own */
	CRON_ANACRON,
};

/*
 * {line, schedule, user, command} of one line, or {line, problem, text} where it
 * is malformed; NULL where it is empty, a comment or a setting.
 */
json_t *cron_parse_line(const char *line, enum cron_kind kind, uint64_t number);

/* Whether a field such as "1-5,10", with an optional step after '/', lies within 'low'..'high'. */
bool cron_field_is_valid(struct str field, unsigned low, unsigned high);
