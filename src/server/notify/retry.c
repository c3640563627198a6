#include "server/notify/retry.h"

#include <string.h>
#include <time.h>

#include "base/scan.h"

uint64_t retry_delay_ns(unsigned n_tries, uint64_t random, uint64_t asked_ns)
{
	unsigned doublings = n_tries ? n_tries - 1 : 0;
	uint64_t most = doublings < 9 ? RETRY_FIRST_NS << doublings : RETRY_CAP_NS;
	uint64_t delay;

	most = most < RETRY_CAP_NS ? most : RETRY_CAP_NS;
	delay = most / 2 + random % (most / 2 + 1);
	return delay > asked_ns ? delay : asked_ns;
}

static uint64_t date_after(const char *value, uint64_t now_ns)
{
	struct tm tm = { 0 };
	const char *end = strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	time_t at = end && !*end ? timegm(&tm) : -1;

	if (at < 0 || (uint64_t)at <= now_ns / NS_PER_SEC)
		return 0;
	return ((uint64_t)at - now_ns / NS_PER_SEC) * NS_PER_SEC;
}

uint64_t retry_after_ns(const char *value, uint64_t now_ns)
{
	const char *at = value;
	uint64_t seconds, asked;

	if (scan_u64(&at, &seconds) && at[strspn(at, " \t")] == '\0')
		asked = seconds < RETRY_ASKED_MAX_NS / NS_PER_SEC ? seconds * NS_PER_SEC
								  : RETRY_ASKED_MAX_NS;
	else
		asked = date_after(value, now_ns);
	return asked < RETRY_ASKED_MAX_NS ? asked : RETRY_ASKED_MAX_NS;
}
