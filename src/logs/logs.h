/*
 * Log lines: when one was written, how bad it is, and what the kernel's mean.
 *
 * Everything here works on borrowed bytes of one line and keeps no state of a
 * file; readers of files and journals stand in tools/.
 */
#pragma once

#include "base/scan.h"

/* What the times of a machine's logs are relative to. */
struct log_clock {
	uint64_t now_ns;  /* wall clock */
	uint64_t boot_ns; /* wall clock at boot; 0 if unknown */
	int64_t zone_s;   /* east of UTC, for times without a zone */
};

/*
 * The time a line carries, as wall clock. Known are RFC 3339 and its relatives
 * (space, comma, slashes), syslog, ctime, nginx, Apache, Redis, klog, kernel
 * "[seconds]", audit and epoch seconds to nanoseconds, also inside JSON and
 * logfmt. A time without a year is the last such time that is not in the
 * future. False if there is none.
 */
bool log_time_parse(const struct log_clock *clock, struct str line, uint64_t *wall_ns_out);

/* Worst first, as syslog's. */
enum log_severity {
	LOG_SEVERITY_FATAL,
	LOG_SEVERITY_ERROR,
	LOG_SEVERITY_WARNING,
	LOG_SEVERITY_INFO, /* also: nothing known */
};

/*
 * From the level a line names, if any; else from words that mean a failure. A
 * request answered with status 5xx is an error.
 */
enum log_severity log_severity(struct str line);
const char *log_severity_name(enum log_severity severity);

/*
 * The line's skeleton: what varies (times, numbers, addresses, paths' digits,
 * ids, quoted values) becomes '*', runs of them become one. Lines of one event
 * have one skeleton. Returns its length; 'out' is NUL-terminated.
 */
size_t log_skeleton(struct str line, char *out, size_t size);
