/*
 * NATS, where 'nats_url' names one: telemetry of signed programs goes out on the documented
 * subjects, and the orchestrator's signals come in.
 *
 *	out  telemetry_subject ("agent.telemetry"), agent.rollback.status, agent.alerts.threshold
 *	in   orchestrator.rollback.{host_id} {"artifact_id", "reason"?}
 *
 * 'host_id' is the agent's id, and beside it the host's name. What cannot be sent waits, at most
 * BUS_MAX_QUEUED events; then the oldest are dropped, and counted. Without a server the agent goes
 * on as it is, and tries again with growing pauses.
 *
 * A signal is a call of rollback_program in the agent's own name: the host's policy says whether
 * it may.
 */
#pragma once

#include <event2/event.h>

#include "agent/backoff.h"
#include "base/json.h"
#include "net/nats.h"

#define BUS_MAX_QUEUED 1000
#define BUS_MAX_BYTES MIB
#define BUS_SUBJECT_BYTES 320

struct agent;
struct bus_event;

struct bus {
	struct agent *agent;
	struct url url; /* of http or https, see nats_parse_url(); host "": there is none */
	SSL_CTX *tls;
	char *token; /* else user and password of the URL */
	struct nats *nats;
	bool is_up;
	struct event *retry;
	struct backoff backoff;
	uint64_t up_since_ns;
	struct bus_event *first, *last;
	unsigned n_queued;
	size_t queued_bytes;
	char signals[2][BUS_SUBJECT_BYTES];
	char why[ERROR_TEXT_BYTES]; /* it is not connected */
	uint64_t n_sent, n_dropped, n_signals, n_connected;
};

/* Reads the settings and their files, before the walls. -EINVAL for what cannot be. */
int bus_prepare(struct bus *bus, struct agent *agent, struct error *err) MUST_CHECK;
void bus_start(struct bus *bus);
void bus_finish(struct bus *bus);

bool bus_is_on(const struct bus *bus);
/* Takes the reference. */
void bus_publish(struct bus *bus, const char *subject, json_t *event);

/* {"state", "server", "queued", "sent", "dropped", "signals", "why"?}, or NULL. */
json_t *bus_describe(const struct bus *bus);
