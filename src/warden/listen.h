/* The warden's socket, for its clients on this host. */
#pragma once

#include "base/error.h"

/* Its descriptor, for root and the group constable; a dead warden's is replaced. -EADDRINUSE where
 * one listens. */
int listen_at(const char *path, struct error *err) MUST_CHECK;
