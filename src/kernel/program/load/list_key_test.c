#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"
#include "kernel/program/load/list_key.h"

static unsigned char key[LIST_KEY_MAX_BYTES];
static struct error why;

static int make(enum list_kind kind, const char *item, size_t n_key)
{
	why = (struct error) { 0 };
	return list_key(kind, item, n_key, key, &why);
}

static uint32_t number(size_t at)
{
	uint32_t value;

	memcpy(&value, key + 4 * at, sizeof(value));
	return value;
}

TEST(a_network_of_ipv4_is_one_of_ipv6)
{
	static const unsigned char mapped[16] = { [10] = 0xff, 0xff, 10, 1, 2, 3 };
	static const unsigned char net[16] = { [10] = 0xff, 0xff, 10 };

	CHECK_OK(make(LIST_NETWORKS, "10.1.2.3/8", 20), why);
	CHECK_INT(number(0), 96 + 8);
	CHECK(memcmp(key + 4, net, sizeof(net)) == 0);
	CHECK_OK(make(LIST_NETWORKS, "10.1.2.3", 20), why);
	CHECK_INT(number(0), 128);
	CHECK(memcmp(key + 4, mapped, sizeof(mapped)) == 0);
	CHECK_OK(make(LIST_NETWORKS, "0.0.0.0/0", 20), why);
	CHECK_INT(number(0), 96);
	CHECK_OK(make(LIST_NETWORKS, "2001:db8::/32", 20), why);
	CHECK_INT(number(0), 32);
	CHECK_INT(key[4], 0x20);
}

TEST(a_path_has_its_end_or_ends_in_a_slash)
{
	CHECK_OK(make(LIST_PATHS, "/bin/nc", 260), why);
	CHECK_INT(number(0), 8 * 8);
	CHECK_TEXT((char *)key + 4, "/bin/nc");
	CHECK_OK(make(LIST_PATHS, "/tmp/", 260), why);
	CHECK_INT(number(0), 5 * 8);
	CHECK_INT(make(LIST_PATHS, "/bin/nc", 4 + 7), -E2BIG);
	CHECK_OK(make(LIST_PATHS, "/bin/nc", 4 + 8), why);
}

TEST(a_device_has_a_kind_and_two_numbers)
{
	CHECK_OK(make(LIST_DEVICES, "b:8:*", 12), why);
	CHECK_INT(number(0), 1);
	CHECK_INT(number(1), 8);
	CHECK_INT(number(2), UINT32_MAX);
	CHECK_OK(make(LIST_DEVICES, "c:*:*", 12), why);
	CHECK_INT(number(0), 0);
}

TEST(what_is_none_is_named)
{
	static const struct {
		enum list_kind kind;
		const char *item;
	} wrong[] = {
		{ LIST_NETWORKS, "" },
		{ LIST_NETWORKS, "10.0.0.0/33" },
		{ LIST_NETWORKS, "10.0.0.0/" },
		{ LIST_NETWORKS, "10.0.0.0/8x" },
		{ LIST_NETWORKS, "/8" },
		{ LIST_NETWORKS, "fe80::1%eth0" },
		{ LIST_NETWORKS, "2001::/129" },
		{ LIST_NETWORKS, "host.example" },
		{ LIST_PATHS, "" },
		{ LIST_PATHS, "bin/nc" },
		{ LIST_PATHS, "/a//b" },
		{ LIST_PATHS, "/a/../b" },
		{ LIST_PATHS, "/a/./b" },
		{ LIST_DEVICES, "" },
		{ LIST_DEVICES, "c" },
		{ LIST_DEVICES, "c:1" },
		{ LIST_DEVICES, "c:1:" },
		{ LIST_DEVICES, "x:1:3" },
		{ LIST_DEVICES, "c:1:3:4" },
		{ LIST_DEVICES, "c:1:4294967295" },
		{ LIST_DEVICES, "b:-1:3" },
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		CHECK_INT(
			make(wrong[i].kind, wrong[i].item, wrong[i].kind == LIST_PATHS ? 260 : 20),
			-EINVAL);
		CHECK(strstr(why.text, wrong[i].item));
	}
}

static bool trie_fits(enum list_kind kind, size_t n_key)
{
	return list_fits(kind, BPF_MAP_TYPE_LPM_TRIE, n_key, 8);
}

TEST(a_map_that_is_no_list_does_not_fit)
{
	CHECK_INT(list_kind_find("networks"), LIST_NETWORKS);
	CHECK_INT(list_kind_find("names"), LIST_N_KINDS);
	CHECK(trie_fits(LIST_NETWORKS, 20) && !trie_fits(LIST_NETWORKS, 8));
	CHECK(trie_fits(LIST_PATHS, 260) && !trie_fits(LIST_PATHS, 261) &&
	      !trie_fits(LIST_PATHS, 5));
	CHECK(list_fits(LIST_DEVICES, BPF_MAP_TYPE_HASH, 12, 8));
	CHECK(!list_fits(LIST_DEVICES, BPF_MAP_TYPE_HASH, 16, 8));
	CHECK(!list_fits(LIST_DEVICES, BPF_MAP_TYPE_HASH, 12, LIST_VALUE_MAX_BYTES + 1));
	CHECK(!trie_fits(LIST_DEVICES, 12) && !trie_fits(LIST_N_KINDS, 12));
	CHECK(!list_fits(LIST_NETWORKS, BPF_MAP_TYPE_HASH, 20, 8));
}

TEST(what_is_there_twice_is_one)
{
	CLEANUP(json)
	json_t *items =
		json_pack("[s, s, s, s]", "10.1.2.3", "10.0.0.0/8", "10.1.2.3/32", "10.9.9.9/8");
	unsigned char *keys = NULL;
	size_t n;

	why = (struct error) { 0 };
	CHECK_OK(list_keys(LIST_NETWORKS, "l", items, 20, &keys, &n, &why), why);
	CHECK_INT(n, 2);
	CHECK_OK(make(LIST_NETWORKS, "10.255.0.0/8", 20), why);
	CHECK(list_has(keys, n, 20, key));
	CHECK_OK(make(LIST_NETWORKS, "10.255.0.0/9", 20), why);
	CHECK(!list_has(keys, n, 20, key));
	free(keys);
}
