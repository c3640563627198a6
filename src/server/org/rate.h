/*
 * Rates: how often somebody may try. One bucket per name (an address, an org),
 * refilled evenly; what a bucket lacks is refused, never queued.
 *
 * The table has RATE_BUCKETS buckets. A name takes the place of the one in its set that
 * was idle longest, so a flood of addresses costs memory nothing, and can only make
 * others' counts forget, which is why secrets are long as well.
 */
#pragma once

#include "base/base.h"

#define RATE_BUCKETS 4096

struct rate;

/* 'per_minute' on average, up to 'burst' at once; 0 per minute: no limit. Never NULL. */
struct rate *rate_new(unsigned per_minute, unsigned burst);
void rate_free(struct rate *rate);

/* Takes 'n' from the name's bucket at that (monotonic) time. False, and nothing taken. */
bool rate_take(struct rate *rate, const char *name, unsigned n, uint64_t now_ns);
