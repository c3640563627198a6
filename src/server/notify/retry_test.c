#include "server/notify/retry.h"

#include "base/test.h"

TEST(delays_double_up_to_the_cap_and_never_come_all_at_once)
{
	CHECK_INT(retry_delay_ns(1, 0, 0), RETRY_FIRST_NS / 2);
	for (unsigned n = 1; n < 100; n++) {
		uint64_t least = retry_delay_ns(n, 0, 0);
		uint64_t most = n < 10 ? RETRY_FIRST_NS << (n - 1) : RETRY_CAP_NS;

		most = most < RETRY_CAP_NS ? most : RETRY_CAP_NS;
		CHECK_INT(least, most / 2);
		for (uint64_t random = 0; random < 1000; random++) {
			uint64_t delay =
				retry_delay_ns(n, random * UINT64_C(0x9e3779b97f4a7c15), 0);

			CHECK(delay >= least && delay <= most);
		}
	}
}

TEST(what_the_destination_asks_for_is_the_least)
{
	CHECK_INT(retry_delay_ns(1, 0, 77 * NS_PER_SEC), 77 * NS_PER_SEC);
	CHECK(retry_delay_ns(20, 0, NS_PER_SEC) >= RETRY_CAP_NS / 2);
}

TEST(retry_after_is_seconds_or_a_date)
{
	uint64_t now_ns = UINT64_C(1700000000) * NS_PER_SEC; /* 2023-11-14T22:13:20Z */

	CHECK_INT(retry_after_ns("30", now_ns), 30 * NS_PER_SEC);
	CHECK_INT(retry_after_ns("0", now_ns), 0);
	CHECK_INT(retry_after_ns("Tue, 14 Nov 2023 22:14:20 GMT", now_ns), 60 * NS_PER_SEC);
	CHECK_INT(retry_after_ns("Tue, 14 Nov 2023 22:13:20 GMT", now_ns), 0);
	CHECK_INT(retry_after_ns("18446744073709551615", now_ns), RETRY_ASKED_MAX_NS);
	CHECK_INT(retry_after_ns("-1", now_ns), 0);
	CHECK_INT(retry_after_ns("soon", now_ns), 0);
	CHECK_INT(retry_after_ns("3 days", now_ns), 0);
	CHECK_INT(retry_after_ns("", now_ns), 0);
}
