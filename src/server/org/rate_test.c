#include "server/org/rate.h"

#include "base/test.h"

TEST(a_bucket_holds_its_burst_and_refills_evenly)
{
	struct rate *rate = rate_new(60, 3);

	for (int i = 0; i < 3; i++)
		CHECK(rate_take(rate, "198.51.100.1", 1, 1000));
	CHECK(!rate_take(rate, "198.51.100.1", 1, 1000));
	CHECK(!rate_take(rate, "198.51.100.1", 1, NS_PER_SEC / 2));
	CHECK(rate_take(rate, "198.51.100.1", 1, 1000 + NS_PER_SEC));
	CHECK(!rate_take(rate, "198.51.100.1", 1, 1000 + NS_PER_SEC));
	rate_free(rate);
}

TEST(names_do_not_share_a_bucket)
{
	struct rate *rate = rate_new(1, 1);

	CHECK(rate_take(rate, "198.51.100.1", 1, 0));
	CHECK(rate_take(rate, "198.51.100.2", 1, 0));
	CHECK(!rate_take(rate, "198.51.100.1", 1, 0));
	rate_free(rate);
}

TEST(no_rate_is_no_limit)
{
	struct rate *rate = rate_new(0, 0);

	for (int i = 0; i < 1000; i++)
		CHECK(rate_take(rate, "x", 5, 0));
	rate_free(rate);
}
