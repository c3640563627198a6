#include "agent/backoff.h"

#define MAX_DOUBLINGS 6

uint64_t backoff_next(struct backoff *backoff, enum backoff_reason reason, uint64_t random,
		      uint64_t asked_ns)
{
	uint64_t span_ns, wait_ns;

	if (reason == BACKOFF_REFUSED)
		backoff->n_failures = MAX_DOUBLINGS;
	span_ns = BACKOFF_FIRST_NS << backoff->n_failures;
	if (span_ns > BACKOFF_CAP_NS)
		span_ns = BACKOFF_CAP_NS;
	if (backoff->n_failures < MAX_DOUBLINGS)
		backoff->n_failures++;
	if (reason == BACKOFF_REFUSED)
		wait_ns = span_ns / 2 + random % (span_ns / 2);
	else
		wait_ns = BACKOFF_LEAST_NS + random % (span_ns - BACKOFF_LEAST_NS);
	return wait_ns > asked_ns ? wait_ns : asked_ns;
}

void backoff_note_held(struct backoff *backoff, uint64_t held_ns)
{
	uint64_t n_good = held_ns / BACKOFF_GOOD_NS;

	backoff->n_failures -=
		n_good < backoff->n_failures ? (unsigned)n_good : backoff->n_failures;
}
