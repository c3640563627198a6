/*
 * The kernel's log as it stands in memory: /dev/kmsg, or where there is none
 * (containers) the older system call.
 */
#pragma once

#include "host/host.h"

struct kernel_log_query {
	double since_s; /* 0: everything */
	size_t max_lines;
};

/*
 * {lines: [{time_ns, priority, facility, text}], lost}, the newest 'max_lines', times counted
 * from boot. NULL with 'err' where the log may not be read. A new reference.
 */
json_t *kernel_log_read(const struct host *host, const struct kernel_log_query *query,
			struct error *err);

/* One record of /dev/kmsg, or NULL where it is none. A new reference. */
json_t *kernel_log_parse_record(const char *record);

/* One line of the older call ("<6>[    1.234567] text"), or NULL. A new reference. */
json_t *kernel_log_parse_line(struct str line);
