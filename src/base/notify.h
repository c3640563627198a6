/*
 * Telling systemd how we are (sd_notify(3)), without its library: datagrams to the
 * socket in $NOTIFY_SOCKET. Without one nothing happens.
 */
#pragma once

#include "base/base.h"

#define NOTIFY_STATUS_BYTES 256

struct notify {
	int fd;               /* -1 where nobody listens */
	uint64_t watchdog_ns; /* WATCHDOG=1 is due so often, half of what is allowed; 0: never */
	char status[NOTIFY_STATUS_BYTES]; /* the last one */
};

/* Connects (so it may come before walls stand), and takes the variables away from children. */
void notify_open(struct notify *notify);
void notify_close(struct notify *notify);

/* "READY=1", "STOPPING=1", "WATCHDOG=1" */
void notify_tell(const struct notify *notify, const char *state);
/* STATUS=..., where it is another than before. */
void notify_status(struct notify *notify, const char *format, ...) PRINTF_LIKE(2, 3);
