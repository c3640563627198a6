/* What changes while it runs: a block of two numbers that are always the same, one alone, a list.
 */
#include "../bpf/library/list.h"

#define PASS 1
#define DROP 0
#define LOOKS 2000 /* a run takes about as long as it takes to change something */

struct packet { /* the beginning of struct __sk_buff, of linux/bpf.h */
	u32 len, pkt_type, mark, queue_mapping, protocol, vlan_present, vlan_tci, vlan_proto;
	u32 priority, ingress_ifindex, ifindex;
};

struct pair {
	u32 one, other;
};

PARAM_BLOCK(pair, struct pair, .one = 1, .other = 1);
volatile short alone;
PARAM u8 constant;
LEASE;

enum {
	RUNS,
	TORN,
	LAST,
	ALONE,
	N_SEEN,
};

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, N_SEEN);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} seen MAP;

NETWORKS(denied, 4);

static long (*const loop)(u32 times, void *function, void *context, u64 flags) = (void *)181;
static long (*const load_bytes)(const void *packet, u32 offset, void *to, u32 len) = (void *)26;

struct look {
	const volatile struct pair *pair;
	u64 torn;
};

static long look(u32 number, struct look *at)
{
	(void)number;
	at->torn += at->pair->one != at->pair->other;
	return 0;
}

static inline __attribute__((always_inline)) void note(u32 what, u64 value)
{
	map_update(&seen, &what, &value, 0);
}

static inline __attribute__((always_inline)) void add(u32 what, u64 value)
{
	u64 *n = map_lookup(&seen, &what);

	if (n)
		__sync_fetch_and_add(n, value);
}

SECTION("cgroup_skb/egress")
int live(const struct packet *packet)
{
	struct look at = { .pair = PARAM_BLOCK_NOW(pair) };
	struct network to = { .bits = 128 };
	u32 ipv4 = 0;

	if (LEASE_IS_OVER() || constant)
		return PASS;
	(void)loop(LOOKS, look, &at, 0);
	add(RUNS, 1);
	add(TORN, at.torn);
	note(LAST, at.pair->other);
	note(ALONE, (u64)(s64)alone);
	if (load_bytes(packet, 16, &ipv4, sizeof(ipv4)) < 0)
		return PASS;
	network_of_ipv4(&to, ipv4);
	return map_lookup(&denied, &to) ? DROP : PASS;
}

LICENSE("GPL");
