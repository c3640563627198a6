/* Lists that change at once: a run looks for the same two networks again and again, of which one
 * is always there.
 */
#include "../bpf/library/list.h"

#define PASS 1
#define LOOKS 500 /* a run takes about as long as it takes to fill a list */

enum {
	RUNS,
	BOTH,
	NEITHER,
	OTHER,
	N_SEEN,
};

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, N_SEEN);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} seen MAP;

NETWORK_LIST(chosen, 8);
PATH_LIST(paths, 8);

static long (*const loop)(u32 times, void *function, void *context, u64 flags) = (void *)181;

struct look {
	void *now;
	u64 both, neither, other;
	int was;
};

static int has(void *now, u8 last)
{
	struct network network;

	network_of_ipv4(&network, 192 | 2 << 16 | (u32)last << 24);
	return list_find(now, &network) != NULL;
}

static long look(u32 number, struct look *at)
{
	int one = has(at->now, 1), other = has(at->now, 2);

	at->both += one && other;
	at->neither += !one && !other;
	at->other += number && one != at->was;
	at->was = one;
	return 0;
}

static inline __attribute__((always_inline)) void add(u32 what, u64 value)
{
	u64 *n = map_lookup(&seen, &what);

	if (n)
		__sync_fetch_and_add(n, value);
}

SECTION("cgroup_skb/egress")
int lists(const void *packet)
{
	struct look at = { .now = LIST_NOW(chosen) };

	(void)packet;
	if (!at.now) {
		add(NEITHER, 1);
		return PASS;
	}
	(void)loop(LOOKS, look, &at, 0);
	add(RUNS, 1);
	add(BOTH, at.both);
	add(NEITHER, at.neither);
	add(OTHER, at.other);
	return PASS;
}

LICENSE("GPL");
