#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec now;

	(void)clock_gettime(id, &now); /* cannot fail for these ids */
	return (uint64_t)now.tv_sec * NS_PER_SEC + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

const char *clock_format(uint64_t wall_ns, char text[CLOCK_TEXT_BYTES])
{
	time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
	struct tm tm;
	size_t len;

	(void)gmtime_r(&seconds, &tm);
	len = strftime(text, CLOCK_TEXT_BYTES, "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(text + len, CLOCK_TEXT_BYTES - len, ".%03uZ",
		       (unsigned)(wall_ns / NS_PER_MS % 1000));
	return text;
}
