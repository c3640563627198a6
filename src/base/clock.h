/* Time: nanoseconds inside, RFC 3339 text outside. */
#pragma once

#include "base/base.h"

#define CLOCK_TEXT_BYTES 32

uint64_t clock_monotonic_ns(void);
uint64_t clock_boot_ns(void); /* CLOCK_BOOTTIME: goes on while the host sleeps */
uint64_t clock_wall_ns(void); /* since 1970-01-01T00:00:00Z */

/* What getrusage() and wait4() tell of the processor, in both modes. */
struct rusage;
uint64_t clock_cpu_ns(const struct rusage *usage);

/* "2026-11-22T17:03:25.123Z"; returns 'text'. */
const char *clock_format(uint64_t wall_ns, char text[CLOCK_TEXT_BYTES]);

/*
 * RFC 3339, of the years 1970 to 2100, with any fraction and any offset. False, and nothing
 * written, for anything else.
 */
bool clock_parse(const char *text, uint64_t *wall_ns_out);
