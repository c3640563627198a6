/*
 * Where a name that is probed may not lead. Whoever answers for it could point it at what only this
 * host can reach: what listens for itself alone, the neighbours of its link, or the metadata of its
 * cloud.
 */
#pragma once

#include <sys/socket.h>

#include "base/base.h"

/* Of an address of IPv4 or IPv6; whether many listen there counts too. */
bool near_is(const struct sockaddr *address);
