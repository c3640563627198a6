/*
 * A change that a system outside tells of: a deployment, a switched flag. What changed on hosts
 * themselves is in the evidence of investigations. A change is context, never proof.
 */
#pragma once

#include "base/json.h"
#include "server/store/batch.h"

#define CHANGE_MAX_PER_ORG 10000 /* then the oldest go first */
#define CHANGE_KEPT_NS (90 * 86400 * NS_PER_SEC)
#define CHANGE_AHEAD_NS (300 * NS_PER_SEC) /* how far a clock outside may be ahead */

#define CHANGE_COLUMNS "id, time, told, told_by, service, what, version, revision, url"

/* {"id", "at", "told", "told_by", "service", "what", "version", "commit", "url"}: a new reference.
 */
json_t *change_read(const struct store_rows *rows, unsigned row);

/* Removes what was told long ago: a step for a batch of all orgs. */
struct store_step change_upkeep_step(struct store_value params_out[1]);
