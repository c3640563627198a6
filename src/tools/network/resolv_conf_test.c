#include "tools/network/resolv_conf.h"

#include "base/test.h"

TEST(servers_search_list_and_options_are_read_as_glibc_reads_them)
{
	struct resolv_conf conf;

	resolv_conf_parse(
		"# comment\n; another\nnameserver 192.0.2.1\n nameserver\tfe80::1%eth0 # x\n"
		"domain old.example\nsearch a.example b.example\n"
		"options ndots:3 timeout:2 attempts:4 rotate use-vc unknown\nfoo bar\n",
		&conf);
	CHECK_INT(conf.n_servers, 2);
	CHECK_TEXT(conf.servers[1], "fe80::1%eth0");
	CHECK_INT(json_array_size(conf.search), 2);
	CHECK_INT(conf.ndots, 3);
	CHECK_INT(conf.timeout_s, 2);
	CHECK_INT(conf.attempts, 4);
	CHECK(conf.rotates && conf.uses_tcp);
	CHECK_INT(conf.n_ignored_lines, 1);
	json_decref(conf.search);
}

TEST(more_servers_than_are_used_are_counted)
{
	struct resolv_conf conf;
	json_t *json;

	resolv_conf_parse("nameserver 1.1.1.1\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n"
			  "nameserver 4.4.4.4\n",
			  &conf);
	json = resolv_conf_json(&conf);
	CHECK_INT(json_get_int(json, "n_ignored_nameservers", 0), 1);
	json_decref(json);
	json_decref(conf.search);
}

TEST(an_empty_file_has_the_defaults)
{
	struct resolv_conf conf;

	resolv_conf_parse("", &conf);
	CHECK_INT(conf.n_servers, 0);
	CHECK_INT(conf.timeout_s, 5);
	json_decref(conf.search);
}
