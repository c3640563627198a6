/* As agent/backoff.c, but that nobody waits longer than a test wants to. */
#include "agent/backoff.h"

#define SPAN_NS (40 * NS_PER_MS)

uint64_t backoff_next(struct backoff *backoff, enum backoff_reason reason UNUSED, uint64_t random,
		      uint64_t asked_ns UNUSED)
{
	backoff->n_failures++;
	return 5 * NS_PER_MS + random % SPAN_NS;
}

void backoff_note_held(struct backoff *backoff, uint64_t held_ns UNUSED)
{
	backoff->n_failures = 0;
}
