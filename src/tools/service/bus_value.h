/* D-Bus values as JSON: arrays and structs are arrays, dictionaries objects. */
#pragma once

#include <systemd/sd-bus.h>

#include "base/json.h"

#define BUS_VALUE_MAX_DEPTH 8
#define BUS_VALUE_MAX_ITEMS 4096

/*
 * Reads the next complete value of a message. A new reference, or NULL if the
 * message is malformed or deeper than the limit. Numbers above 2^63, which
 * systemd uses for "infinity", become null.
 */
json_t *bus_value_read(sd_bus_message *message, unsigned depth);
