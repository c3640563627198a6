/* The work of constable-store: read what waits, run it as a group, answer. */
#pragma once

#include "server/store/database/group_internal.h"

/*
 * Serves the peer on 'fd' until it is gone: 0. A negative errno with 'err' when the
 * database is away or the peer is mad; what was read is answered then.
 */
int serve(const struct driver *driver, struct database *db, int fd, struct error *err) MUST_CHECK;
