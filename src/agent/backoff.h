/*
 * How long to wait before the next attempt to connect: exponential from 1 s, capped
 * at 60 s, full jitter, so that a thousand agents whose server restarts do not come
 * back at once. Every ten seconds that a connection held take one doubling back: a server
 * that dies again and again is left in peace, one that died a minute ago is not made to wait.
 */
#pragma once

#include "base/base.h"

#define BACKOFF_FIRST_NS NS_PER_SEC
#define BACKOFF_CAP_NS (60 * NS_PER_SEC)
#define BACKOFF_LEAST_NS (100 * NS_PER_MS)
#define BACKOFF_GOOD_NS (10 * NS_PER_SEC)

struct backoff {
	unsigned n_failures;
};

enum backoff_reason {
	BACKOFF_FAILED,  /* could not connect, or was cut off */
	BACKOFF_REFUSED, /* the server does not want us: slow from the first time on */
};

/* Notes a failure; 'random' is any number. Never less than 'asked_ns', which the server said. */
uint64_t backoff_next(struct backoff *backoff, enum backoff_reason reason, uint64_t random,
		      uint64_t asked_ns);

/* A connection ended after so long. */
void backoff_note_held(struct backoff *backoff, uint64_t held_ns);
