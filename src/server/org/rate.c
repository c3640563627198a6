#include "server/org/rate.h"

#include <openssl/rand.h>
#include <stdlib.h>

#define SET_WAYS 8
#define N_SETS (RATE_BUCKETS / SET_WAYS)

struct bucket {
	uint64_t name; /* keyed hash; 0: empty */
	uint64_t level_ns;
	uint64_t used_ns;
};

/* A bucket's level is time: each taken unit costs 'unit_ns' of what has passed. */
struct rate {
	uint64_t unit_ns, full_ns;
	uint64_t seed;
	struct bucket buckets[RATE_BUCKETS];
};

struct rate *rate_new(unsigned per_minute, unsigned burst)
{
	struct rate *rate = calloc(1, sizeof(*rate));

	if (!rate || RAND_bytes((unsigned char *)&rate->seed, sizeof(rate->seed)) != 1)
		abort();
	if (per_minute)
		rate->unit_ns = 60 * NS_PER_SEC / per_minute;
	rate->full_ns = rate->unit_ns * burst;
	return rate;
}

void rate_free(struct rate *rate)
{
	free(rate);
}

/* FNV-1a from a random start: who does not know it cannot aim at another's bucket. */
static uint64_t hash(const struct rate *rate, const char *name)
{
	uint64_t value = UINT64_C(0xcbf29ce484222325) ^ rate->seed;

	for (; *name; name++)
		value = (value ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
	value ^= value >> 32;
	return value ? value : 1;
}

static struct bucket *find(struct rate *rate, uint64_t name, uint64_t now_ns)
{
	struct bucket *set = &rate->buckets[name % N_SETS * SET_WAYS];
	struct bucket *oldest = set;

	for (unsigned i = 0; i < SET_WAYS; i++) {
		if (set[i].name == name)
			return &set[i];
		if (set[i].used_ns < oldest->used_ns)
			oldest = &set[i];
	}
	*oldest = (struct bucket) { .name = name, .level_ns = rate->full_ns, .used_ns = now_ns };
	return oldest;
}

bool rate_take(struct rate *rate, const char *name, unsigned n, uint64_t now_ns)
{
	struct bucket *bucket;
	uint64_t wanted_ns = n * rate->unit_ns;

	if (!rate->unit_ns)
		return true;
	bucket = find(rate, hash(rate, name), now_ns);
	bucket->level_ns += now_ns - bucket->used_ns;
	if (bucket->level_ns > rate->full_ns)
		bucket->level_ns = rate->full_ns;
	bucket->used_ns = now_ns;
	if (bucket->level_ns < wanted_ns)
		return false;
	bucket->level_ns -= wanted_ns;
	return true;
}
