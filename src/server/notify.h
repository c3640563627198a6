/*
 * Telling systemd how we are (sd_notify), without its library: one datagram to the
 * socket that $NOTIFY_SOCKET names. Without it nothing happens.
 */
#pragma once

#include "base/base.h"

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void notify_send(const char *state);

/* How often WATCHDOG=1 is due, half of what systemd allows; 0: never. */
uint64_t notify_watchdog_ns(void);
