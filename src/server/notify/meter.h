/* How tries of deliveries ended and how long they took, by the kind of destination: for /metrics.
 */
#pragma once

#include "base/histogram.h"
#include "server/notify/kind.h"

enum meter_outcome {
	METER_DELIVERED,
	METER_SKIPPED,
	METER_RETRIED, /* it is tried again */
	METER_REFUSED,
	METER_GIVEN_UP,
	METER_OUTCOMES,
};

struct meter {
	uint64_t n[KINDS_N][METER_OUTCOMES];
	struct histogram seconds[KINDS_N]; /* of each try, from its first request on */
};

void meter_add(struct meter *meter, const struct kind *kind, enum meter_outcome outcome,
	       uint64_t took_ns);
void meter_write(const struct meter *meter, struct buf *page);
