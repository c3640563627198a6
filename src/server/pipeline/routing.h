/*
 * Where an alert goes: the pipelines of its org that take it, and their agents as of now.
 *
 * A routing is {"routes": [{"pipeline", "agents", "unresolved", "left_out", "namespaces",
 * "log_groups", "services", "window": {"fired_at", "since", "until"}, "engine", "budget",
 * "destinations", "remedies", "missing"}], "others": [{"pipeline", "why"}], "about"}; see target.h
 * for the agents, about.h for what the alert is about (or null). A window ends now. "missing" are
 * destinations that it names and that are not there.
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
#define ROUTING_STEPS 5
void routing_steps(const struct store_value *org, struct store_step steps_out[ROUTING_STEPS]);
json_t *routing_read(const struct store_rows rows[ROUTING_STEPS], const json_t *alert);

/* What the store says. */
struct routing_rows {
	struct store_rows pipelines;    /* documents in their order */
	struct store_rows agents;       /* TARGET_AGENTS_SQL */
	struct store_rows services;     /* ABOUT_SERVICES_SQL */
	struct store_rows destinations; /* id, name */
};
/* "default" is last where it is not among the pipelines. */
json_t *routing_make(const struct routing_rows *rows, const json_t *alert, uint64_t now_ns);

#define ROUTING_DESTINATIONS_SQL                                \
	"SELECT id, name FROM destinations WHERE org = $1 AND " \
	"removed IS NULL ORDER BY name LIMIT 1000"
/* The first of 'wanted' that is neither "*" nor a destination's id or name; or NULL. */
const char *routing_missing(const json_t *wanted, const struct store_rows *destinations,
			    size_t *index_out);
