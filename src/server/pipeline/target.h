/*
 * The target of a pipeline for one alert: its templates filled, and the agents that they name.
 */
#pragma once

#include "base/json.h"
#include "server/store/batch.h"

#define TARGET_MAX_AGENTS 8    /* of one investigation; the rest is counted */
#define TARGET_MAX_FLEET 20000 /* agents of an org that are looked through */

/* What target_find() reads; $1 is the org. */
#define TARGET_AGENTS_SQL                                                     \
	"SELECT id, name, hostname, address, labels, namespaces FROM agents " \
	"WHERE org = $1 AND revoked IS NULL ORDER BY name, id LIMIT 20000"

/*
 * {"agents": [{"id", "hostname", "by"}], "unresolved": [{"name", "why"}], "left_out",
 * "namespaces", "log_groups", "services"}: a new reference. A host is an agent's host name, its
 * own name or, where only one fits, the short name of one or its address. Without namespaces of
 * its own a target has those that its agents tell.
 */
json_t *target_find(const json_t *target, const json_t *alert, const struct store_rows *agents);
