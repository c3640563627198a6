/*
 * Lets each address begin so many TCP connections a second at an interface, and drops what is
 * beyond: 'burst' at once, then 'per_second'. Who sends from addresses that are not his has many,
 * so all together may begin no more than 'total_per_second'.
 */
#include "../packet.h"

#define TCP 6
#define TCP_SYN 2
#define TCP_ACK 16
#define SECOND_NS 1000000000ULL

struct limits {
	u32 per_second, burst;
	u32 total_per_second; /* 0: any number */
	u16 port;             /* 0: every one */
};

PARAM_BLOCK(limits, struct limits, .per_second = 20, .burst = 40);

enum {
	DROPPED,
	PASSED,
	N_COUNTS,
};

COUNTS(N_COUNTS);
LEASE;

struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, 16384);
	MAP_TYPE(key, struct network);
	MAP_TYPE(value, u64);
} sources MAP;

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} total MAP;

/* What is empty at 'until' (the generic cell rate algorithm). Two processors may take the last
 * place both: a limit, not an account. */
static inline __attribute__((always_inline)) int take(u64 *until, u64 now, u32 rate, u32 size)
{
	u64 each = SECOND_NS / (rate ? rate : 1), at = *until < now ? now : *until;

	if (at + each > now + each * size)
		return 0;
	*until = at + each;
	return 1;
}

static inline __attribute__((always_inline)) int is_within(const struct network *source,
							   const volatile struct limits *limits_now)
{
	u64 now = ktime_boot(), *until = map_lookup(&sources, source), fresh = now;
	u32 only = 0, all = limits_now->total_per_second;

	if (!take(until ? until : &fresh, now, limits_now->per_second, limits_now->burst))
		return 0;
	if (!until)
		map_update(&sources, source, &fresh, 0);
	until = map_lookup(&total, &only);
	return !all || !until || take(until, now, all, all);
}

static inline __attribute__((always_inline)) int begins(const struct headers *headers, u16 port)
{
	const u8 *tcp = headers->transport;

	return headers->protocol == TCP && tcp && tcp + 20 <= headers->end &&
	       (tcp[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN &&
	       (!port || (u16)(tcp[2] << 8 | tcp[3]) == port);
}

SECTION("xdp")
int syn_limit(const struct frame *frame)
{
	const volatile struct limits *limits_now = PARAM_BLOCK_NOW(limits);
	struct headers headers;

	if (LEASE_IS_OVER() || !take_headers(frame, &headers) ||
	    !begins(&headers, limits_now->port))
		return XDP_PASS_IT;
	if (is_within(&headers.source, limits_now)) {
		COUNT(PASSED);
		return XDP_PASS_IT;
	}
	COUNT(DROPPED);
	return XDP_DROP_IT;
}

LICENSE("GPL");
