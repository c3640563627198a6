/*
 * When a delivery is tried again: after 2 s, 4 s, ... at most 15 min, of which a random share
 * between a half and all is taken, so that a destination that comes back is not met by all at
 * once; never before what it asked for (at most a day).
 */
#pragma once

#include "base/base.h"

#define RETRY_FIRST_NS (2 * NS_PER_SEC)
#define RETRY_CAP_NS (900 * NS_PER_SEC)
#define RETRY_ASKED_MAX_NS (86400 * NS_PER_SEC)

/* 'n_tries' have failed (at least 1); 'random' is any number. */
uint64_t retry_delay_ns(unsigned n_tries, uint64_t random, uint64_t asked_ns);

/* Retry-After (RFC 9110, 10.2.3): seconds, or a date; 0 for what is neither, or past. */
uint64_t retry_after_ns(const char *value, uint64_t now_ns);
