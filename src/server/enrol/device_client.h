/* What a host that waits with a code says of itself, and how it is shown to who decides. */
#pragma once

#include "server/api/exchange.h"

/* {"scope", "hostname", "client_id"} with texts of bounded length; a new reference. */
json_t *device_client_read(const json_t *body);

/* A row of DEVICE_COLUMNS as an object. */
json_t *device_client_describe(const struct store_rows *rows);
