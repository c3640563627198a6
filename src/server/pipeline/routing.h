/*
 * Where an alert goes: the pipelines of its org that take it, and their agents as of now.
 *
 * A routing is {"routes": [{"pipeline", "agents", "unresolved", "left_out", "namespaces",
 * "log_groups", "services", "window": {"since", "until"}, "engine", "budget", "destinations"}],
 * "others": [{"pipeline", "why"}]}; see target.h for the agents. A window ends now at the latest.
 */
#pragma once

#include "server/pipeline/pipeline.h"
#include "server/store/store.h"

#define ROUTING_MAX_ROUTES 8 /* of one alert */

/* Once, never before routing_find() returns; exactly one of the first two is not NULL (borrowed).
 * 'err' is the store's. */
typedef void routing_found(const json_t *routing, const struct error *err, void *data);

/* 'alert' is as server/alert/alert.h describes it; its reference is kept until then. */
void routing_find(struct store *store, const char *org, const json_t *alert, routing_found *done,
		  void *data);

/* From documents of the store, in their order, "default" last where it is not among them. */
#define ROUTING_PIPELINES_SQL \
	"SELECT document FROM pipelines WHERE org = $1 ORDER BY position, name LIMIT 257"
json_t *routing_make(const struct store_rows *pipelines, const struct store_rows *agents,
		     const json_t *alert, uint64_t now_ns);
