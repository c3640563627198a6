/* The ports that outgoing connections leave from. */
#pragma once

#include "call/tool.h"

/*
 * Where it is known from: "kernel", or where the broker cannot tell "configuration"
 * (sysctl.conf and sysctl.d), or "default".
 */
const char *port_range_read(struct task *task, uint64_t *low_out, uint64_t *high_out);
