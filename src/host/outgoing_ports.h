/*
 * The ports that the kernel takes for outgoing connections, of the host's network.
 *
 * /proc/sys/net shows the network namespace of who opens it. A process that lives
 * in another one, as the broker does, is therefore handed the open file by the
 * launcher as its standard input.
 */
#pragma once

#include "host/host.h"

/* {low, high}, or NULL with 'err'. A new reference. */
json_t *outgoing_ports_json(const struct host *host, struct error *err);
