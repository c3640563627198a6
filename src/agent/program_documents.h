/*
 * What the local API says of signed programs, with the members that the documents show. New
 * references; each is made of what agent/programs.h knows.
 */
#pragma once

#include "base/buf.h"
#include "base/json.h"

struct agent;

json_t *program_documents_programs(const struct agent *agent);
json_t *program_documents_rollbacks(const struct agent *agent);
json_t *program_documents_telemetry(const struct agent *agent);

/* "applied_artifacts" and "total_programs" of /status. */
void program_documents_add_status(const struct agent *agent, json_t *status);
/* What they are all together, into the counters and gauges of /metrics. */
void program_documents_add_metrics(const struct agent *agent, json_t *counters, json_t *gauges);
/* The same as Prometheus reads it, and of each that is attached. */
void program_documents_add_prometheus(const struct agent *agent, struct buf *out);
