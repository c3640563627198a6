/*
 * Drops what the processes of a control group send, all of it or to one port, and counts both.
 * Traffic over loopback passes unless it is asked for too: a service must be able to say why.
 */
#include "../program.h"

#define PASS 1
#define DROP 0
#define LOOPBACK_IFINDEX 1

struct packet { /* the beginning of struct __sk_buff, of linux/bpf.h */
	u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto;
	u32 priority, ingress_ifindex, ifindex;
};

struct what {
	u16 port;         /* 0: every one */
	u8 drop_loopback; /* 1: there as well */
};

PARAM_BLOCK(what, struct what, 0);

enum {
	DROPPED,
	PASSED,
	N_COUNTS,
};

COUNTS(N_COUNTS);
LEASE;

static long (*const load_bytes)(const void *packet, u32 offset, void *to, u32 len) = (void *)26;

static u16 swapped(u16 value)
{
	return (u16)(value << 8 | value >> 8);
}

/* Where TCP and UDP have it, behind a header of version 4 or 6 without extensions. */
static int has_port(const struct packet *packet, u16 port)
{
	u8 first = 0, protocol = 0;
	u16 to = 0;
	u32 transport = 40;

	if (!port)
		return 1;
	if (load_bytes(packet, 0, &first, sizeof(first)) < 0)
		return 0;
	if (first >> 4 == 4)
		transport = (u32)(first & 15) * 4;
	if (load_bytes(packet, first >> 4 == 4 ? 9 : 6, &protocol, sizeof(protocol)) < 0 ||
	    (protocol != 6 && protocol != 17))
		return 0;
	return load_bytes(packet, transport + 2, &to, sizeof(to)) == 0 && swapped(to) == port;
}

SECTION("cgroup_skb/egress")
int egress_drop(const struct packet *packet)
{
	const volatile struct what *now = PARAM_BLOCK_NOW(what);

	if (LEASE_IS_OVER() || (packet->ifindex == LOOPBACK_IFINDEX && !now->drop_loopback) ||
	    !has_port(packet, now->port)) {
		COUNT(PASSED);
		return PASS;
	}
	COUNT(DROPPED);
	return DROP;
}

LICENSE("GPL");
