#include "warden/near.h"

#include <arpa/inet.h>

#include "base/test.h"

static bool is_near(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return near_is((const struct sockaddr *)(const void *)&v4);
	CHECK_INT(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return near_is((const struct sockaddr *)(const void *)&v6);
}

TEST(a_name_does_not_lead_to_what_only_this_host_reaches)
{
	static const char *const addresses[] = {
		"127.0.0.1",
		"127.255.255.254",
		"0.0.0.0",
		"0.1.2.3",
		"169.254.169.254",
		"224.0.0.1",
		"255.255.255.255",
		"240.0.0.1",
		"100.100.100.200",
		"::1",
		"::",
		"::ffff:127.0.0.1",
		"fe80::1",
		"::169.254.169.254",
		"64:ff9b::7f00:1",
		"ff02::1",
		"fd00:ec2::254",
		"febf::1",
		"fd20:ce::254",
		"::ffff:169.254.1.1",
	};

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (!is_near(addresses[i]))
			CHECK_TEXT(addresses[i], "near");
}

TEST(a_name_leads_anywhere_else)
{
	static const char *const addresses[] = {
		"10.9.0.2",        "192.168.1.1", "1.1.1.1",        "126.255.255.255",
		"128.0.0.1",       "169.253.0.1", "169.255.0.1",    "223.255.255.255",
		"100.100.100.201", "2001:db8::1", "64:ff9b::a09:2", "::ffff:10.9.0.2",
		"fd00:ec2::255",   "fc00::1",     "fec0::1",
	};

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (is_near(addresses[i]))
			CHECK_TEXT(addresses[i], "far");
}
