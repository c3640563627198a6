#include "courier/process/egress.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static enum address_kind kind_of(const char *text)
{
	struct address address;

	if (!address_parse(text, &address))
		FAIL("no address: %s", text);
	return address_kind(&address);
}

TEST(addresses_are_public_private_or_never_to_be_reached)
{
	static const char *const public[] = { "93.184.216.34",    "8.8.8.8",
					      "172.32.0.1",       "11.0.0.0",
					      "100.128.0.1",      "2606:4700::1111",
					      "64:ff9b::808:808", "2002:808:808::1" };
	static const char *const private[] = { "127.0.0.1",
					       "10.0.0.1",
					       "172.16.0.1",
					       "172.31.255.255",
					       "192.168.1.1",
					       "100.64.0.1",
					       "198.18.0.1",
					       "240.0.0.1",
					       "192.0.2.7",
					       "::1",
					       "fc00::1",
					       "fd12::1",
					       "fec0::1",
					       "::ffff:127.0.0.1",
					       "::ffff:10.1.2.3",
					       "64:ff9b::a00:1",
					       "2002:7f00:1::",
					       "2001:db8::1",
					       "2001:0:1:2:3:4:80ff:fffe",
					       "::7f00:1" };
	static const char *const never[] = { "0.0.0.0",
					     "0.1.2.3",
					     "169.254.169.254",
					     "169.254.0.1",
					     "224.0.0.1",
					     "239.1.1.1",
					     "255.255.255.255",
					     "100.100.100.200",
					     "168.63.129.16",
					     "::",
					     "fe80::1",
					     "febf::1",
					     "ff02::1",
					     "fd00:ec2::254",
					     "fd20:ce::254",
					     "::ffff:169.254.169.254",
					     "64:ff9b::a9fe:a9fe",
					     "2002:a9fe:a9fe::",
					     "::a9fe:a9fe",
					     "2001:0:1:2:3:4:5601:5601" };

	for (size_t i = 0; i < ARRAY_LEN(public); i++)
		if (kind_of(public[i]) != ADDRESS_PUBLIC)
			FAIL("not public: %s", public[i]);
	for (size_t i = 0; i < ARRAY_LEN(private); i++)
		if (kind_of(private[i]) != ADDRESS_PRIVATE)
			FAIL("not private: %s", private[i]);
	for (size_t i = 0; i < ARRAY_LEN(never); i++)
		if (kind_of(never[i]) != ADDRESS_NEVER)
			FAIL("not never: %s", never[i]);
}

TEST(networks_hold_what_has_their_bits)
{
	static const struct {
		const char *address, *networks;
		bool holds;
	} rows[] = {
		{ "10.1.2.3", "10.0.0.0/8", true },
		{ "11.1.2.3", "10.0.0.0/8", false },
		{ "10.1.2.3", "192.168.0.0/16, 10.1.2.3", true },
		{ "10.1.2.4", "10.1.2.3/32\t10.1.2.2/31", false },
		{ "10.1.2.3", "10.1.2.2/31", true },
		{ "10.1.2.3", "0.0.0.0/0", true },
		{ "10.1.2.3", "::ffff:10.0.0.0/104", true },
		{ "fd12::1", "fd12::/16", true },
		{ "fd13::1", "fd12::/15", true },
		{ "fd14::1", "fd12::/15", false },
		{ "::1", "0.0.0.0/0", false },
		{ "::1", "", false },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct address address;

		CHECK(address_parse(rows[i].address, &address));
		if (address_is_in(&address, rows[i].networks) != rows[i].holds)
			FAIL("%s in %s", rows[i].address, rows[i].networks);
	}
}

TEST(a_list_that_is_no_list_of_networks_is_refused)
{
	static const char *const sound[] = { "", " , ", "10.0.0.0/8", "::1 10.1.1.1,fc00::/7",
					     COURIER_PRIVATE_NETWORKS };
	static const char *const bad[] = { "x",           "10.0.0.0/33", "10.0.0.0/", "10.0.0/8",
					   "10.0.0.0/-1", "::/129",      "*",         "1.2.3.4/8/8",
					   "localhost",   "10.0.0.0/8x" };
	struct error err = { 0 };

	CHECK(networks_are_sound(NULL));
	for (size_t i = 0; i < ARRAY_LEN(sound); i++)
		CHECK(networks_are_sound(sound[i]));
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const struct courier_policy policy = { .networks = bad[i] };

		if (egress_check_policy(&policy, &err) != -EINVAL)
			FAIL("taken: %s", bad[i]);
	}
}

TEST(hosts_are_on_the_list_by_name_or_by_what_they_are_below)
{
	static const struct {
		const char *host, *hosts;
		int result;
	} rows[] = {
		{ "api.example.com", NULL, 0 },
		{ "API.example.com", "api.Example.com", 0 },
		{ "api.example.com.", "api.example.com", 0 },
		{ "api.example.com", "other .example.com", 0 },
		{ "example.com", ".example.com", -EACCES },
		{ "badexample.com", ".example.com example.com", -EACCES },
		{ "api.example.com", "example.com", -EACCES },
		{ "api.example.com", "", -EACCES },
		{ "::1", "::1", 0 },
		{ "", NULL, -EINVAL },
		{ "a..b", NULL, -EINVAL },
		{ ".a", NULL, -EINVAL },
		{ "-a", NULL, -EINVAL },
		{ "a b", NULL, -EINVAL },
		{ "::1%lo", NULL, -EINVAL },
		{ "a/b", NULL, -EINVAL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct courier_policy policy = { .hosts = rows[i].hosts };
		struct error err = { 0 };

		if (egress_check_host(&policy, rows[i].host, &err) != rows[i].result)
			FAIL("%s on %s", rows[i].host, rows[i].hosts);
	}
}

TEST(a_proxy_is_not_asked_for_this_machine)
{
	static const char *const hidden[] = { "localhost",    "LOCALHOST.",
					      "a.localhost",  "127.0.0.1",
					      "::1",          "metadata.google.internal",
					      "10.0.0.1",     "169.254.169.254",
					      "printer.local" };
	const struct courier_policy policy = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(hidden); i++)
		CHECK_INT(egress_check_literal(&policy, hidden[i], &err), -EACCES);
	CHECK_INT(egress_check_literal(&policy, "api.example.com", &err), 0);
	CHECK_INT(egress_check_literal(&policy, "93.184.216.34", &err), 0);
}

TEST(the_way_decides_what_an_address_may_be)
{
	const struct courier_policy policy = { .networks = "10.0.0.0/8 169.254.0.0/16" };
	struct error err = { 0 };
	struct address loopback, private, metadata, public;

	CHECK(address_parse("127.0.0.1", &loopback) && address_parse("10.0.0.1", &private) &&
	      address_parse("169.254.169.254", &metadata) && address_parse("8.8.8.8", &public));
	CHECK_INT(egress_check_address(&policy, EGRESS_DIRECT, &private, &err), 0);
	CHECK_INT(egress_check_address(&policy, EGRESS_DIRECT, &loopback, &err), -EACCES);
	CHECK_TEXT(err.text, "the address 127.0.0.1 is private, and no allowed network holds it");
	CHECK_INT(egress_check_address(&policy, EGRESS_DIRECT, &metadata, &err), -EACCES);
	CHECK_INT(egress_check_address(&policy, EGRESS_PROXY, &loopback, &err), 0);
	CHECK_INT(egress_check_address(&policy, EGRESS_PROXY, &metadata, &err), -EACCES);
	CHECK_INT(egress_check_address(&policy, EGRESS_LOOPBACK, &loopback, &err), 0);
	CHECK_INT(egress_check_address(&policy, EGRESS_LOOPBACK, &public, &err), -EACCES);
}
