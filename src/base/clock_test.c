#include "base/clock.h"

#include <time.h>

#include "base/test.h"

TEST(what_is_formatted_is_read_again)
{
	char text[CLOCK_TEXT_BYTES];
	uint64_t ns = 0;

	CHECK(clock_parse(clock_format(UINT64_C(1795626205123000000), text), &ns));
	CHECK(ns == UINT64_C(1795626205123000000));
}

TEST(each_day_has_the_date_that_the_c_library_gives_it)
{
	char text[CLOCK_TEXT_BYTES], expected[CLOCK_TEXT_BYTES];

	/* A day and 61 seconds each, to the end of what 64 bits of nanoseconds hold. */
	for (uint64_t s = 0; s < UINT64_MAX / NS_PER_SEC; s += 24 * 60 * 60 + 61) {
		time_t seconds = (time_t)s;
		struct tm tm;

		(void)strftime(expected, sizeof(expected), "%Y-%m-%dT%H:%M:%S.042Z",
			       gmtime_r(&seconds, &tm));
		CHECK_TEXT(clock_format(s * NS_PER_SEC + 42 * NS_PER_MS, text), expected);
	}
}

TEST(every_form_of_rfc_3339_is_read)
{
	static const char *const same[] = {
		"2026-05-06T12:00:00Z",          "2026-05-06t12:00:00z",
		"2026-05-06 12:00:00+00:00",     "2026-05-06T14:30:00+02:30",
		"2026-05-05T23:00:00.000-13:00",
	};
	uint64_t ns, first;

	CHECK(clock_parse(same[0], &first) && first == UINT64_C(1778068800000000000));
	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		CHECK(clock_parse(same[i], &ns) && ns == first);
	CHECK(clock_parse("2026-05-06T12:00:00.123456789999Z", &ns) && ns == first + 123456789);
}

TEST(nothing_else_is_a_time)
{
	static const char *const refused[] = {
		"",
		"now",
		"2026-05-06",
		"2026-05-06T12:00:00",
		"2026-05-06T12:00Z",
		"2026-05-06T12:00:00.Z",
		"2026-13-06T12:00:00Z",
		"2026-05-32T12:00:00Z",
		"2026-05-06T24:00:00Z",
		"2026-05-06T12:00:00+2:00",
		"2026-05-06T12:00:00ZZ",
		" 2026-05-06T12:00:00Z",
		"1969-12-31T23:59:59Z",
		"2101-01-01T00:00:00Z",
		"+026-05-06T12:00:00Z",
	};
	uint64_t ns = 7;

	for (size_t i = 0; i < ARRAY_LEN(refused); i++)
		if (clock_parse(refused[i], &ns))
			FAIL("'%s' is a time", refused[i]);
	CHECK(ns == 7);
}
