/* Drops what comes in at an interface from the networks of a list, and counts it by network. */
#include "../packet.h"

enum {
	DROPPED,
	PASSED,
	N_COUNTS,
};

COUNTS(N_COUNTS);
NETWORKS(denied, 16384);
LEASE;

SECTION("xdp")
int xdp_drop(const struct frame *frame)
{
	struct headers headers;
	u64 *n;

	if (!LEASE_IS_OVER() && take_headers(frame, &headers)) {
		n = map_lookup(&denied, &headers.source);
		if (n) {
			__sync_fetch_and_add(n, 1);
			COUNT(DROPPED);
			return XDP_DROP_IT;
		}
	}
	COUNT(PASSED);
	return XDP_PASS_IT;
}

LICENSE("GPL");
