/*
 * NATS, where 'nats_url' names one: telemetry of signed programs goes out on the documented
 * subjects, and the orchestrator's signals come in.
 *
 *	out  telemetry_subject ("agent.telemetry"), agent.rollback.status, agent.alerts.threshold
 *	in   orchestrator.rollback.{host_id} {"artifact_id", "reason"?}
 *
 * 'host_id' is the agent's id, and beside it the host's name. An event is kept until the server
 * said that it has it, and is sent again where the connection ended before: at least once, with
 * metadata.event_id to know it by. At most BUS_MAX_QUEUED of them; then the oldest are dropped, and
 * counted. Without a server the agent goes on as it is, and tries again with growing pauses.
 *
 * Signals are heard over TLS, or from this host: elsewhere whoever is between could send them. A
 * signal is a call of rollback_program in the agent's own name: the host's policy says whether it
 * may.
 */
#pragma once

#include <event2/event.h>

#include "agent/backoff.h"
#include "base/json.h"
#include "net/nats.h"

#define BUS_MAX_QUEUED 1000
#define BUS_MAX_BYTES MIB
#define BUS_SUBJECT_BYTES 320
#define BUS_MAX_SIGNALS 8 /* whose calls are open */

struct agent;
struct bus_event;
struct bus_signal;

/* What came from the orchestrator. */
struct bus_signals {
	struct bus_signal *open;
	unsigned n_open;
	uint64_t n, n_ignored; /* ever */
	uint64_t window_ns;    /* when it began, and how many came since */
	unsigned n_window;
};

struct bus {
	struct agent *agent;
	struct url url; /* of http or https, see nats_parse_url(); host "": there is none */
	SSL_CTX *tls;
	bool is_tls_first, is_local;
	struct nats_credentials credentials;
	struct nats *nats;
	bool is_up;
	struct event *retry;
	struct backoff backoff;
	uint64_t up_since_ns;

	/* Those before 'next' were handed over; the first 'n_asked' of them the server owes a
	 * word on. */
	struct bus_event *first, *last, *next;
	unsigned n_queued, n_handed, n_asked, n_refused_now;
	size_t queued_bytes;
	uint64_t run_id, n_events;

	char subjects[2][BUS_SUBJECT_BYTES]; /* of signals; "": none */
	struct bus_signals signals;
	char why[ERROR_TEXT_BYTES];     /* it is not connected */
	char refusal[ERROR_TEXT_BYTES]; /* of this connection, the last */
	bool is_deaf[2];                /* the server refused that subject */
	char deaf_why[ERROR_TEXT_BYTES];
	uint64_t n_sent, n_dropped, n_refused, n_connected;
};

/* Reads the settings and their files, before the walls. -EINVAL for what cannot be. */
int bus_prepare(struct bus *bus, struct agent *agent, struct error *err) MUST_CHECK;
void bus_start(struct bus *bus);
void bus_finish(struct bus *bus);

bool bus_is_on(const struct bus *bus);
/* Takes the reference. */
void bus_publish(struct bus *bus, const char *subject, json_t *event);

/* The list of programs was asked for, and is there or not: for signals that waited for it. */
void bus_programs_are_known(struct bus *bus);

/* {"state", "server", "queued", "sent", "dropped", "refused", "signals", "signals_ignored",
 * "listening", "not_listening"?, "refusal"?, "why"?}, or NULL. */
json_t *bus_describe(const struct bus *bus);
