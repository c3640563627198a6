#include "server/org/network.h"

#include <errno.h>

#include "base/test.h"

static int check(const char *ranges)
{
	struct error err = { 0 };

	return network_check(ranges, &err);
}

TEST(an_address_inside_the_range_is_taken)
{
	CHECK(network_has("10.0.0.0/8", "10.255.0.1"));
	CHECK(network_has("192.0.2.7, 10.0.0.0/8", "192.0.2.7"));
	CHECK(network_has("2001:db8::/32", "2001:db8:1::9"));
	CHECK(network_has("127.0.0.0/8", "::ffff:127.0.0.1"));
	CHECK(network_has("", "198.51.100.1"));
}

TEST(an_address_outside_the_range_is_refused)
{
	CHECK(!network_has("10.0.0.0/8", "11.0.0.1"));
	CHECK(!network_has("10.0.0.0/9", "10.128.0.1"));
	CHECK(!network_has("2001:db8::/32", "2001:db9::1"));
	CHECK(!network_has("0.0.0.0/0", "2001:db8::1"));
	CHECK(!network_has("10.0.0.0/8", "no address"));
}

TEST(what_is_no_network_is_refused)
{
	CHECK_INT(check("10.0.0.0/8"), 0);
	CHECK_INT(check("::/0,0.0.0.0/0"), 0);
	CHECK_INT(check("10.0.0.0/33"), -EINVAL);
	CHECK_INT(check("10.0.0.1/8"), -EINVAL);
	CHECK_INT(check("10.0.0.0/"), -EINVAL);
	CHECK_INT(check("10.0.0.0/8x"), -EINVAL);
	CHECK_INT(check("host.example"), -EINVAL);
	CHECK_INT(check("10.0.0.0/-1"), -EINVAL);
}
