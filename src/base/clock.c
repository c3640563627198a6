#include "base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#define LAST_S INT64_C(4102444800) /* 2100 */

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

uint64_t clock_boot_ns(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t clock_wall_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}

uint64_t clock_cpu_ns(const struct rusage *usage)
{
	return (uint64_t)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) * NS_PER_SEC +
	       (uint64_t)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000;
}

static unsigned days_of_year(unsigned year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

static unsigned days_of_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && days_of_year(year) == 366);
}

/* Not by gmtime_r(), which first reads the file of the local time zone, in vain. */
const char *clock_format(uint64_t wall_ns, char text[CLOCK_TEXT_BYTES])
{
	uint64_t days = wall_ns / NS_PER_SEC / (24 * 60 * 60);
	unsigned second = (unsigned)(wall_ns / NS_PER_SEC % (24 * 60 * 60));
	unsigned year = 1970, month = 1;

	for (; days >= days_of_year(year); year++)
		days -= days_of_year(year);
	for (; days >= days_of_month(year, month); month++)
		days -= days_of_month(year, month);
	(void)snprintf(text, CLOCK_TEXT_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", year, month,
		       (unsigned)days + 1, second / 3600, second / 60 % 60, second % 60,
		       (unsigned)(wall_ns / NS_PER_MS % 1000));
	return text;
}

/* Exactly so many digits. */
static bool take_number(const char **at, unsigned n_digits, int *value_out)
{
	int value = 0;

	for (unsigned i = 0; i < n_digits; i++) {
		if (!isdigit((unsigned char)(*at)[i]))
			return false;
		value = value * 10 + ((*at)[i] - '0');
	}
	*at += n_digits;
	*value_out = value;
	return true;
}

static bool take_one_of(const char **at, const char *letters)
{
	if (!**at || !strchr(letters, **at))
		return false;
	++*at;
	return true;
}

static bool take_date_and_time(const char **at, struct tm *tm)
{
	return take_number(at, 4, &tm->tm_year) && take_one_of(at, "-") &&
	       take_number(at, 2, &tm->tm_mon) && take_one_of(at, "-") &&
	       take_number(at, 2, &tm->tm_mday) && take_one_of(at, "Tt ") &&
	       take_number(at, 2, &tm->tm_hour) && take_one_of(at, ":") &&
	       take_number(at, 2, &tm->tm_min) && take_one_of(at, ":") &&
	       take_number(at, 2, &tm->tm_sec) && tm->tm_mon >= 1 && tm->tm_mon <= 12 &&
	       tm->tm_mday >= 1 && tm->tm_mday <= 31 && tm->tm_hour <= 23 && tm->tm_min <= 59 &&
	       tm->tm_sec <= 60;
}

static bool take_fraction(const char **at, uint64_t *ns_out)
{
	uint64_t unit = NS_PER_SEC;

	*ns_out = 0;
	if (!take_one_of(at, "."))
		return true;
	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); ++*at) {
		unit /= 10;
		*ns_out += (uint64_t)(**at - '0') * unit;
	}
	return true;
}

static bool take_offset(const char **at, int64_t *s_out)
{
	int sign = **at == '-' ? -1 : 1, hours, minutes;

	*s_out = 0;
	if (take_one_of(at, "Zz"))
		return true;
	if (!take_one_of(at, "+-") || !take_number(at, 2, &hours) || !take_one_of(at, ":") ||
	    !take_number(at, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*s_out = (int64_t)sign * (hours * 60 + minutes) * 60;
	return true;
}

bool clock_parse(const char *text, uint64_t *wall_ns_out)
{
	struct tm tm = { 0 };
	uint64_t fraction_ns;
	int64_t offset_s, seconds;

	if (!take_date_and_time(&text, &tm) || !take_fraction(&text, &fraction_ns) ||
	    !take_offset(&text, &offset_s) || *text)
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	seconds = (int64_t)timegm(&tm) - offset_s;
	if (seconds < 0 || seconds > LAST_S)
		return false;
	*wall_ns_out = (uint64_t)seconds * NS_PER_SEC + fraction_ns;
	return true;
}
