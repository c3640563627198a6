/*
 * A host that sleeps and whose clock people set, for tests of what goes by time. Linking
 * sleepy_clock.c puts its calls in the place of libc's: what a kernel does of timers when a host
 * wakes is done here, to each by the clock that it was made for.
 */
#pragma once

#include "base/base.h"

/* The host sleeps for so long, in no time: CLOCK_MONOTONIC stands still, CLOCK_BOOTTIME does not.
 */
void sleepy_clock_sleep(uint64_t ns);

/* Somebody sets the time of day, forward or back. */
void sleepy_clock_set(int64_t by_ns);
