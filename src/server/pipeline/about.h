/* Which service of the catalogue an alert is about, for pipelines. */
#pragma once

#include "base/json.h"
#include "server/store/batch.h"

/* The documents of the org's services by name; $1 is the org. */
#define ABOUT_SERVICES_SQL "SELECT document FROM services WHERE org = $1 ORDER BY name LIMIT 256"

/*
 * {"service", "criticality"} of the most critical one of those that service.h finds, by name where
 * several are; a new reference, or NULL: it is about none.
 */
json_t *about_find(const struct store_rows *services, const json_t *alert);
