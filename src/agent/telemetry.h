/*
 * What signed programs do, told as it happens: events with the members that the documents of
 * program telemetry show, over the link (the kinds program_loaded, program_unloaded, program_error
 * and program_rolled_back) and to NATS where that is set.
 */
#pragma once

#include "base/json.h"

struct agent;

#define TELEMETRY_ROLLBACK_SUBJECT "agent.rollback.status"
#define TELEMETRY_ALERT_SUBJECT "agent.alerts.threshold"

struct telemetry {
	struct agent *agent;
	uint64_t n_events;
};

void telemetry_init(struct telemetry *telemetry, struct agent *agent);

/* The list is new; 'before' is the one before it, or NULL: then nothing is news. */
void telemetry_compare(struct telemetry *telemetry, const json_t *before);

/* agent_heartbeat, with the number of programs. */
void telemetry_tick(struct telemetry *telemetry);

/* What a program, or a rollback, is the artifact_id of: the registry's, or its name where it came
 * otherwise. */
const char *telemetry_artifact(const struct agent *agent, const json_t *program);

/* {"artifact_id", "host_id", "timestamp", "status", "verifier_msg"?, "cpu_percent", "memory_kb",
 * "packets_processed", "violations", "errors", "latency_ms"}: new references. */
json_t *telemetry_of(const struct agent *agent, const json_t *program);
/* {"type":"rollback_status", "artifact_id", "host_id", "reason", "threshold"?, "value"?,
 * "timestamp", "status", "error"?, "metadata"} */
json_t *telemetry_of_rollback(const struct agent *agent, const json_t *rollback);

/* "running", of a state of the journal's. */
const char *telemetry_status(const json_t *program);
