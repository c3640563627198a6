/* Interfaces, addresses and routes, from /proc/net and /sys/class/net. */
#pragma once

#include "call/tool.h"

/* Each routine puts its member into result, and notes what it could not read. */
void interfaces_read(const struct host *host, json_t *result);

/* Adds "*_per_s" to each entry from a second look 'seconds' later. */
void interfaces_rate(const struct host *host, double seconds, json_t *result);

/*
 * An interface that has IPv6 addresses which another machine was found to have, and which are
 * therefore not used, lists those once more as "duplicate_addresses".
 */

/* "routes" and "default_route" (null if there is none), then addresses of the interfaces. */
void routes_read(const struct host *host, json_t *result);

/* Only the addresses of the interfaces. */
void addresses_read(const struct host *host, json_t *result);
