/*
 * Where an alert goes: the pipelines of its org that take it, and their agents as of now.
 *
 * A routing is {"routes": [{"pipeline", "agents", "unresolved", "left_out", "namespaces",
 * "log_groups", "services", "window": {"fired_at", "since", "until"}, "engine", "budget",
 * "destinations"}], "others": [{"pipeline", "why"}]}; see target.h for the agents. A window ends
 * now at the latest.
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

/* The same for a batch of somebody else's, which begins with these steps ('org' lives as long). */
#define ROUTING_STEPS 3
void routing_steps(const struct store_value *org, struct store_step steps_out[ROUTING_STEPS]);
json_t *routing_read(const struct store_rows rows[ROUTING_STEPS], const json_t *alert);

/* From documents of pipelines in their order; "default" is last where it is not among them. */
json_t *routing_make(const struct store_rows *pipelines, const struct store_rows *agents,
		     const json_t *alert, uint64_t now_ns);
