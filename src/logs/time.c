#include "logs/logs.h"

#include <ctype.h>
#include <string.h>

#define SEARCHED_BYTES 160

/* A date and time of day as written; year 0 and zone_known false where absent. */
struct moment {
	int64_t year, month, day, hour, minute, second, ns;
	int64_t zone_s;
	bool zone_known;
};

static const char *const month_names[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };

/* Exactly n digits (blanks may stand for leading ones, as syslog pads days). */
static bool digits(const char **at, int n, int64_t *value_out)
{
	int64_t value = 0;

	for (int i = 0; i < n; i++) {
		char c = (*at)[i];

		if (c == ' ' && i == 0 && n == 2)
			continue;
		if (!isdigit((unsigned char)c))
			return false;
		value = value * 10 + (c - '0');
	}
	*at += n;
	*value_out = value;
	return true;
}

static bool one_of(const char **at, const char *set)
{
	if (!**at || !strchr(set, **at))
		return false;
	(*at)++;
	return true;
}

static bool month(const char **at, int64_t *month_out)
{
	for (size_t i = 0; i < ARRAY_LEN(month_names); i++)
		if (scan_text(at, month_names[i])) {
			*month_out = (int64_t)i + 1;
			return true;
		}
	return false;
}

static void fraction(const char **at, struct moment *m)
{
	int64_t scale = 100000000;

	if ((**at != '.' && **at != ',') || !isdigit((unsigned char)(*at)[1]))
		return;
	for ((*at)++; isdigit((unsigned char)**at); (*at)++) {
		m->ns += (**at - '0') * scale;
		scale /= 10;
	}
}

static bool time_of_day(const char **at, struct moment *m)
{
	if (!digits(at, 2, &m->hour) || !one_of(at, ":") || !digits(at, 2, &m->minute) ||
	    !one_of(at, ":") || !digits(at, 2, &m->second))
		return false;
	fraction(at, m);
	return true;
}

static void zone(const char **at, struct moment *m)
{
	const char *cursor = *at + (**at == ' ');
	int64_t sign, hours, minutes = 0;

	if (*cursor == 'Z' || strncmp(cursor, "UTC", 3) == 0 || strncmp(cursor, "GMT", 3) == 0) {
		m->zone_known = true;
		return;
	}
	if (*cursor != '+' && *cursor != '-')
		return;
	sign = *cursor++ == '-' ? -1 : 1;
	if (!digits(&cursor, 2, &hours))
		return;
	(void)one_of(&cursor, ":");
	(void)digits(&cursor, 2, &minutes);
	m->zone_s = sign * (hours * 3600 + minutes * 60);
	m->zone_known = true;
}

/* 2026-11-22T17:03:25.123Z, 2026-11-22 17:03:25,123, 2026/11/22 17:03:25 */
static bool year_first(const char *at, struct moment *m)
{
	if (!digits(&at, 4, &m->year) || !one_of(&at, "-/") || !digits(&at, 2, &m->month) ||
	    !one_of(&at, "-/") || !digits(&at, 2, &m->day) || !one_of(&at, "T ") ||
	    !time_of_day(&at, m))
		return false;
	zone(&at, m);
	return true;
}

/* 22/Nov/2026:17:03:25 +0000, 22 Nov 2026 17:03:25.123, 22-Nov-2026 17:03:25 */
static bool day_first(const char *at, struct moment *m)
{
	if (!digits(&at, 2, &m->day) || !one_of(&at, "/- ") || !month(&at, &m->month) ||
	    !one_of(&at, "/- ") || !digits(&at, 4, &m->year) || !one_of(&at, ": ") ||
	    !time_of_day(&at, m))
		return false;
	zone(&at, m);
	return true;
}

/* Nov 22 17:03:25, Nov 22 17:03:25.123456 2026 */
static bool month_first(const char *at, struct moment *m)
{
	if (!month(&at, &m->month) || !one_of(&at, " ") || !digits(&at, 2, &m->day) ||
	    !one_of(&at, " ") || !time_of_day(&at, m))
		return false;
	if (!one_of(&at, " ") || !digits(&at, 4, &m->year))
		m->year = 0;
	return true;
}

/* E1122 17:03:25.123456 */
static bool klog(const char *at, struct moment *m)
{
	return one_of(&at, "IWEF") && digits(&at, 2, &m->month) && digits(&at, 2, &m->day) &&
	       one_of(&at, " ") && time_of_day(&at, m);
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int64_t month_number, int64_t day)
{
	int64_t y = year - (month_number <= 2);
	int64_t era = y / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month_number + (month_number > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int64_t seconds_of(const struct moment *m, int64_t year)
{
	return days_of(year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 +
	       m->second - m->zone_s;
}

static int64_t year_of(uint64_t ns)
{
	int64_t days = (int64_t)(ns / NS_PER_SEC / 86400), year = 1970 + days / 366;

	while (days_of(year + 1, 1, 1) <= days)
		year++;
	return year;
}

static bool moment_ns(const struct log_clock *clock, struct moment *m, uint64_t *wall_ns_out)
{
	int64_t now_s = (int64_t)(clock->now_ns / NS_PER_SEC), seconds;

	if (m->month < 1 || m->month > 12 || m->day < 1 || m->day > 31 || m->hour > 24 ||
	    m->minute > 59 || m->second > 60)
		return false;
	if (!m->zone_known)
		m->zone_s = clock->zone_s;
	if (m->year) {
		seconds = seconds_of(m, m->year);
	} else {
		int64_t year = year_of(clock->now_ns) + 1;

		/* A clock a little ahead is likelier than a line a year old. */
		do
			seconds = seconds_of(m, year--);
		while (seconds > now_s + 86400 && year >= 1970);
	}
	if (seconds < 0 || seconds > INT64_MAX / (int64_t)NS_PER_SEC - 1)
		return false;
	*wall_ns_out = (uint64_t)seconds * NS_PER_SEC + (uint64_t)m->ns;
	return true;
}

/* Seconds since 1970 with a fraction, or milli-, micro- or nanoseconds. */
static bool epoch(const char *at, uint64_t *wall_ns_out)
{
	struct moment m = { 0 };
	size_t n = strspn(at, "0123456789");
	uint64_t value;

	if ((n != 10 && n != 13 && n != 16 && n != 19) || !scan_u64(&at, &value))
		return false;
	for (; n < 19; n += 3)
		value *= 1000;
	/* From 2001 on; whatever is older is some other number. */
	if (value < 1000000000 * NS_PER_SEC)
		return false;
	fraction(&at, &m);
	*wall_ns_out = value + (uint64_t)m.ns;
	return true;
}

/* "[12345.678901] " counts from boot. */
static bool since_boot(const struct log_clock *clock, const char *at, uint64_t *wall_ns_out)
{
	struct moment m = { 0 };
	uint64_t seconds;

	if (!clock->boot_ns || !one_of(&at, "[") || !scan_u64(&at, &seconds) || *at != '.' ||
	    seconds > 10 * UINT64_C(365) * 86400)
		return false;
	fraction(&at, &m);
	if (*at != ']')
		return false;
	*wall_ns_out = clock->boot_ns + seconds * NS_PER_SEC + (uint64_t)m.ns;
	return true;
}

static bool calendar(const struct log_clock *clock, const char *at, uint64_t *wall_ns_out)
{
	static bool (*const forms[])(const char *, struct moment *) = { year_first, day_first,
									month_first };

	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct moment m = { 0 };

		if (forms[i](at, &m))
			return moment_ns(clock, &m, wall_ns_out);
	}
	return false;
}

/* Members of JSON and logfmt lines whose value may be a bare number. */
static bool named(const struct log_clock *clock, const char *text, uint64_t *wall_ns_out)
{
	static const char *const names[] = { "\"time\":",     "\"timestamp\":", "\"@timestamp\":",
					     "\"ts\":",       "\"t\":",         "ts=",
					     "time=",         "msg=audit(",     "timestamp=",
					     "\"datetime\":", "\"date\":" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *at = strstr(text, names[i]);

		if (!at)
			continue;
		at += strlen(names[i]);
		at += strspn(at, " \"");
		if (calendar(clock, at, wall_ns_out) || epoch(at, wall_ns_out))
			return true;
	}
	return false;
}

bool log_time_parse(const struct log_clock *clock, struct str line, uint64_t *wall_ns_out)
{
	char text[4 * SEARCHED_BYTES];
	struct moment m = { 0 };

	str_copy(line, text, sizeof(text));
	if (epoch(text, wall_ns_out) || since_boot(clock, text, wall_ns_out))
		return true;
	if (klog(text, &m))
		return moment_ns(clock, &m, wall_ns_out);
	for (size_t i = 0; i < SEARCHED_BYTES && text[i]; i++) {
		bool begins = i == 0 || strchr(" [(\"'=<>{,|:", text[i - 1]);

		if (begins && isalnum((unsigned char)text[i]) &&
		    calendar(clock, text + i, wall_ns_out))
			return true;
	}
	return named(clock, text, wall_ns_out);
}
