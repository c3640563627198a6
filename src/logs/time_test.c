#include <string.h>

#include "base/test.h"
#include "logs/logs.h"

/* 2026-11-22T17:03:25Z */
#define THE_TIME_S UINT64_C(1795367005)

static const struct log_clock noon = {
	.now_ns = (THE_TIME_S + 60) * NS_PER_SEC,
	.boot_ns = (THE_TIME_S - 12345) * NS_PER_SEC,
};

static uint64_t parsed(const struct log_clock *clock, const char *line)
{
	uint64_t ns;

	if (!log_time_parse(clock, (struct str) { line, strlen(line) }, &ns))
		return 0;
	return ns;
}

TEST(the_time_is_found_in_every_known_form)
{
	static const char *const lines[] = {
		"2026-11-22T17:03:25Z started",
		"2026-11-22T17:03:25+00:00 host app[1]: x",
		"2026-11-22T18:03:25+01:00 host app[1]: x",
		"2026-11-22T12:33:25-0430 x",
		"2026-11-22 17:03:25 UTC [881] FATAL:  no",
		"2026/11/22 17:03:25 [error] 7#7: *1 open() failed",
		"Nov 22 17:03:25 host sshd[12]: x",
		"<34>Nov 22 17:03:25 host sshd[12]: x",
		"[Sun Nov 22 17:03:25 2026] [core:error] x",
		"1.2.3.4 - bob [22/Nov/2026:17:03:25 +0000] \"GET / HTTP/1.1\" 200 5",
		"812:M 22 Nov 2026 17:03:25 # Server",
		"22-Nov-2026 17:03:25 SEVERE [main] x",
		"E1122 17:03:25 1 file.go:12] x",
		"1795367005 x",
		"1795367005000 x",
		"[12345.000000] usb 1-1: x",
		"type=AVC msg=audit(1795367005.000:45): avc",
		"{\"level\":\"error\",\"ts\":1795367005,\"msg\":\"x\"}",
		"{\"log\":\"x\\n\",\"stream\":\"stderr\",\"time\":\"2026-11-22T17:03:25Z\"}",
		"time=\"2026-11-22T17:03:25Z\" level=error",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (parsed(&noon, lines[i]) != THE_TIME_S * NS_PER_SEC)
			fail_msg("%s", lines[i]);
}

TEST(fractions_count_with_point_and_comma)
{
	CHECK(parsed(&noon, "2026-11-22 17:03:25,250 x") ==
	      THE_TIME_S * NS_PER_SEC + 250 * NS_PER_MS);
	CHECK(parsed(&noon, "1795367005.5 x") == THE_TIME_S * NS_PER_SEC + 500 * NS_PER_MS);
}

TEST(a_time_without_zone_is_local)
{
	struct log_clock east = noon;

	east.zone_s = 3600;
	CHECK(parsed(&east, "2026-11-22 18:03:25 x") == THE_TIME_S * NS_PER_SEC);
	CHECK(parsed(&east, "2026-11-22T17:03:25Z x") == THE_TIME_S * NS_PER_SEC);
}

TEST(a_december_line_read_in_january_is_of_last_year)
{
	/* now: 2026-01-01T00:00:10Z */
	struct log_clock newyear = { .now_ns = UINT64_C(1767225610) * NS_PER_SEC };

	CHECK(parsed(&newyear, "Dec 31 23:59:50 host x") == UINT64_C(1767225590) * NS_PER_SEC);
}

TEST(what_is_no_time_is_not_taken_for_one)
{
	static const char *const lines[] = {
		"",
		"hello",
		"12345",
		"2026-13-45 99:99:99",
		"Nov 99 17:03:25 x",
		"9999999999999999999999",
		"at 10:20 we met",
		"version 2026-11 x",
		"[ 1.2",
		"E9922 17:03:25 x",
		"1.2.3.4",
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++)
		if (parsed(&noon, lines[i]))
			fail_msg("%s", lines[i]);
}
