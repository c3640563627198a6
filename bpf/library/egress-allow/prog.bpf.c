/*
 * Lets the processes of a control group send to the networks of a list alone, and counts both.
 * What stays on the host passes, and so does what answers, where replies=1: of TCP only what
 * begins a connection is judged then.
 */
#include "../list.h"

#define PASS 1
#define DROP 0
#define LOOPBACK_IFINDEX 1
#define TCP 6
#define TCP_SYN 2
#define TCP_ACK 16

struct packet { /* the beginning of struct __sk_buff, of linux/bpf.h */
	u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto;
	u32 priority, ingress_ifindex, ifindex;
};

PARAM u8 replies; /* 1: they pass */

enum {
	DROPPED,
	PASSED,
	N_COUNTS,
};

COUNTS(N_COUNTS);
NETWORK_LIST(allowed, 1024);
LEASE;

static long (*const load_bytes)(const void *packet, u32 offset, void *to, u32 len) = (void *)26;

static int is_reply(const struct packet *packet, u8 protocol, u32 transport)
{
	u8 flags = 0;

	return replies && protocol == TCP &&
	       load_bytes(packet, transport + 13, &flags, sizeof(flags)) == 0 &&
	       (flags & (TCP_SYN | TCP_ACK)) != TCP_SYN;
}

/* Without what an IPv6 header may be followed by: such a packet is judged by its address alone. */
static int is_allowed(const struct packet *packet)
{
	struct network to = { .bits = 128 };
	u8 first = 0, protocol = 0;
	u32 ipv4 = 0, transport = 40;
	u64 *n;

	if (load_bytes(packet, 0, &first, sizeof(first)) < 0)
		return 0;
	if (first >> 4 == 4) {
		transport = (u32)(first & 15) * 4;
		if (load_bytes(packet, 16, &ipv4, sizeof(ipv4)) < 0)
			return 0;
		network_of_ipv4(&to, ipv4);
	} else if (load_bytes(packet, 24, to.address, sizeof(to.address)) < 0) {
		return 0;
	}
	n = list_find(LIST_NOW(allowed), &to);
	if (n)
		__sync_fetch_and_add(n, 1);
	return n ||
	       (load_bytes(packet, first >> 4 == 4 ? 9 : 6, &protocol, sizeof(protocol)) == 0 &&
		is_reply(packet, protocol, transport));
}

SECTION("cgroup_skb/egress")
int egress_allow(const struct packet *packet)
{
	if (LEASE_IS_OVER() || packet->ifindex == LOOPBACK_IFINDEX || is_allowed(packet)) {
		COUNT(PASSED);
		return PASS;
	}
	COUNT(DROPPED);
	return DROP;
}

LICENSE("GPL");
