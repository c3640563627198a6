/*
 * What the agent says about itself: documents of the local API, with the fields that
 * the documents of the programs it replaces show. New references.
 */
#pragma once

#include "base/json.h"

struct agent;

/* "1h2m3s", as programs in Go print durations; returns 'text'. */
#define STATUS_DURATION_BYTES 64
const char *status_duration(uint64_t s, char text[STATUS_DURATION_BYTES]);

json_t *status_health(const struct agent *agent);
json_t *status_healthz(const struct agent *agent);
json_t *status_version(const struct agent *agent);
json_t *status_info(const struct agent *agent);
json_t *status_whole(const struct agent *agent);
json_t *status_metrics(const struct agent *agent);

/* The metrics in Prometheus' text format; heap text. */
char *status_prometheus(const struct agent *agent);
