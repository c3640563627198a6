/* Interfaces, addresses and routes, from /proc/net and /sys/class/net. */
#pragma once

#include "call/tool.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define INTERFACES_RESULT                                                               \
	"interfaces: [{name: string, state: string|null, mtu?: integer, "               \
	"speed?: integer, carrier?: integer, carrier_changes?: integer, "               \
	"rx_bytes: integer|null, rx_bytes_per_s?: number|null, "                        \
	"rx_packets: integer|null, rx_packets_per_s?: number|null, "                    \
	"rx_errors: integer|null, rx_errors_per_s?: number|null, "                      \
	"rx_dropped: integer|null, rx_dropped_per_s?: number|null, "                    \
	"rx_fifo: integer|null, tx_bytes: integer|null, tx_bytes_per_s?: number|null, " \
	"tx_packets: integer|null, tx_packets_per_s?: number|null, "                    \
	"tx_errors: integer|null, tx_errors_per_s?: number|null, "                      \
	"tx_dropped: integer|null, tx_dropped_per_s?: number|null, "                    \
	"tx_fifo: integer|null, tx_collisions: integer|null, "                          \
	"tx_carrier_errors: integer|null, addresses: [string], "                        \
	"duplicate_addresses?: [string]}]"

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
