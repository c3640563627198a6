#include "base/duration.h"

#include "base/test.h"

static uint64_t ms_of(const char *text)
{
	uint64_t ns = 77 * NS_PER_MS;

	return duration_from_text(text, &ns) ? ns / NS_PER_MS : UINT64_MAX;
}

static const char *shown(double seconds)
{
	static char text[DURATION_TEXT_BYTES];

	return duration_to_text((uint64_t)(seconds * NS_PER_SEC), text);
}

TEST(a_number_alone_counts_seconds)
{
	CHECK_INT(ms_of("90"), 90000);
	CHECK_INT(ms_of("0"), 0);
}

TEST(every_unit_is_read)
{
	CHECK_INT(ms_of("250ms"), 250);
	CHECK_INT(ms_of("90s"), 90000);
	CHECK_INT(ms_of("15m"), 900000);
	CHECK_INT(ms_of("2h"), 7200000);
	CHECK_INT(ms_of("1d"), 86400000);
	CHECK_INT(ms_of("1h30m"), 5400000);
}

TEST(anything_else_is_refused)
{
	const char *const bad[] = { "",     "m",   "-5",    "5x",        "1 h",
				    "1.5h", "5mm", "1h-5m", "99999999d", "99999999999999999999" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(ms_of(bad[i]), UINT64_MAX);
}

TEST(a_sum_beyond_the_longest_is_refused)
{
	CHECK_INT(ms_of("3650d"), UINT64_C(3650) * 86400000);
	CHECK_INT(ms_of("3650d1s"), UINT64_MAX);
}

TEST(people_read_the_two_largest_units)
{
	CHECK_TEXT(shown(0.25), "250 ms");
	CHECK_TEXT(shown(4.24), "4.2 s");
	CHECK_TEXT(shown(59), "59 s");
	CHECK_TEXT(shown(60), "1 min");
	CHECK_TEXT(shown(7500), "2 h 5 min");
	CHECK_TEXT(shown(86400 * 3.0), "3 d");
}
