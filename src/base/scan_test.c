#include "base/scan.h"

#include "base/test.h"

TEST(numbers_chain_and_a_failure_leaves_the_cursor)
{
	const char *text = "  12 -7 ff x";
	const char *at = text;
	uint64_t u, hex;
	int64_t i;

	CHECK(scan_u64(&at, &u) && scan_i64(&at, &i) && scan_hex(&at, &hex));
	CHECK_INT(u, 12);
	CHECK_INT(i, -7);
	CHECK_INT(hex, 255);
	CHECK(!scan_u64(&at, &u));
	CHECK(scan_text(&at, " x"));
}

TEST(a_number_that_overflows_is_no_number)
{
	const char *at = "99999999999999999999999";
	uint64_t u;

	CHECK(!scan_u64(&at, &u));
}

TEST(words_that_strtod_would_take_are_no_numbers)
{
	const char *at = "nan";
	double d;

	CHECK(!scan_double(&at, &d));
}

TEST(lines_end_at_newlines_and_at_the_end)
{
	const char *at = "a b\n\nc";
	struct str line;

	CHECK(scan_line(&at, &line) && str_is(line, "a b"));
	CHECK(scan_line(&at, &line) && str_is(line, ""));
	CHECK(scan_line(&at, &line) && str_is(line, "c"));
	CHECK(!scan_line(&at, &line));
}
