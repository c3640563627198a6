/* The ports that outgoing connections leave from. */
#pragma once

#include "host/host.h"

/*
 * Where it is known from: "kernel", or from a job that lives in another network
 * "configuration" (sysctl.conf and sysctl.d), or "default".
 */
const char *port_range_read(const struct host *host, uint64_t *low_out, uint64_t *high_out);
