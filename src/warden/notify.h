/*
 * Telling systemd how we are (sd_notify(3)), without its library: READY, STOPPING,
 * and WATCHDOG at half the interval it asks for. Without $NOTIFY_SOCKET nothing
 * happens; a watchdog is the one timer that runs while the warden idles.
 */
#pragma once

#include "warden/warden.h"

struct notify {
	int fd; /* connected before our walls stand; -1 where nobody listens */
	struct event *watchdog;
};

void notify_init(struct notify *notify, struct event_base *base);
void notify_finish(struct notify *notify);

/* "READY=1" */
void notify_tell(const struct notify *notify, const char *state);
