/* Counts the IPv4 connections that the processes of a control group begin, by address and port. */
#include "../program.h"

#define ALLOW 1

struct address { /* the beginning of struct bpf_sock_addr, of linux/bpf.h */
	u32 user_family, user_ip4, user_ip6[4], user_port;
};

struct destination {
	u32 address; /* both as they are sent: the first byte first */
	u16 port, reserved;
};

struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, 4096);
	MAP_TYPE(key, struct destination);
	MAP_TYPE(value, u64);
} destinations MAP;

SECTION("cgroup/connect4")
int connect_audit(const struct address *address)
{
	struct destination to = { .address = address->user_ip4, .port = (u16)address->user_port };

	count_key(&destinations, &to);
	return ALLOW;
}

LICENSE("GPL");
