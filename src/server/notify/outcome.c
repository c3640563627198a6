/* What became of a try, written down before anything else happens to the delivery. */
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "server/notify/outbox_internal.h"
#include "server/notify/retry.h"

#define RECORD_AGAIN_S 1

static const char outcome_sql[] =
	"UPDATE deliveries SET state = $3, due = $4, finished = $5, status = $6, error = $7, "
	"uncertain = $8, progress = $9, owner = NULL, lease = NULL "
	"WHERE org = $1 AND id = $2 AND state = 'sending' AND owner = $10 AND tries = $11";
static const char reference_sql[] =
	"INSERT INTO delivery_references (org, destination, incident, updated, reference) "
	"SELECT org, destination, incident, CAST($3 AS BIGINT), CAST($4 AS TEXT) FROM deliveries "
	"WHERE org = $1 AND id = $2 AND state = 'sending' AND owner = $5 AND tries = $6 "
	"ON CONFLICT (org, destination, incident) DO UPDATE SET updated = $3, reference = $4";
/* A destination that asks for time gets it from all that is on its way to it. */
static const char hold_sql[] = "UPDATE deliveries SET due = $3 WHERE org = $1 AND destination = $2 "
			       "AND state = 'waiting' AND due < $3";

void flight_discard(struct flight *flight)
{
	struct outbox *outbox = flight->outbox;
	struct attempt *attempt = &flight->attempt;

	if (flight->call)
		courier_cancel(flight->call);
	if (flight->ticket)
		store_forget(outbox->config.store, flight->ticket);
	if (flight->again)
		event_free(flight->again);
	TAILQ_REMOVE(&outbox->flights, flight, link);
	outbox->counters.open = --outbox->n_flights;
	json_decref(attempt->config);
	json_decref(attempt->secret);
	json_decref(attempt->document);
	json_decref(attempt->reference);
	json_decref(attempt->progress);
	json_decref(flight->mail.recipients);
	free(flight->mail.message);
	buf_finish(&attempt->answer);
	free(flight);
}

static bool is_given_up(const struct flight *flight)
{
	return outbox_now(flight->outbox) - flight->attempt.created_ns >=
	       (int64_t)OUTBOX_PATIENCE_NS;
}

static const char *state_of(struct flight *flight)
{
	switch (flight->verdict) {
	case VERDICT_DELIVERED:
		return "delivered";
	case VERDICT_SKIPPED:
		return "skipped";
	case VERDICT_AGAIN:
		return is_given_up(flight) ? "failed" : "waiting";
	default:
		return "failed";
	}
}

static enum meter_outcome outcome_of(const struct flight *flight, const char *state)
{
	if (flight->verdict == VERDICT_DELIVERED)
		return METER_DELIVERED;
	if (flight->verdict == VERDICT_SKIPPED)
		return METER_SKIPPED;
	if (strcmp(state, "waiting") == 0)
		return METER_RETRIED;
	return flight->verdict == VERDICT_AGAIN ? METER_GIVEN_UP : METER_REFUSED;
}

static void count(struct outbox *outbox, const struct flight *flight, const char *state)
{
	enum meter_outcome outcome = outcome_of(flight, state);
	struct outbox_counters *counters = &outbox->counters;
	uint64_t *const counts[METER_OUTCOMES] = {
		[METER_DELIVERED] = &counters->delivered, [METER_SKIPPED] = &counters->skipped,
		[METER_RETRIED] = &counters->retries,     [METER_REFUSED] = &counters->refused,
		[METER_GIVEN_UP] = &counters->given_up,
	};

	++*counts[outcome];
	meter_add(&outbox->meter, flight->kind, outcome,
		  flight->begun_ns ? clock_monotonic_ns() - flight->begun_ns : 0);
}

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	flight_record(data);
}

static void record_later(struct flight *flight)
{
	const struct timeval delay = { .tv_sec = RECORD_AGAIN_S };

	if (!flight->again)
		flight->again = event_new(flight->outbox->config.base, -1, 0, handle_again, flight);
	if (!flight->again)
		abort();
	(void)event_add(flight->again, &delay);
}

static void handle_recorded(const struct store_result *result UNUSED, const struct error *err,
			    void *data)
{
	struct flight *flight = data;
	struct outbox *outbox = flight->outbox;

	flight->ticket = 0;
	if (err) {
		/* Twice is the same as once, and what is not written down would be sent again. */
		log_warn("the outcome of delivery %s: %s", flight->attempt.id, err->text);
		record_later(flight);
		return;
	}
	step_reached("server-delivery-recorded");
	count(outbox, flight, state_of(flight));
	if (flight->verdict == VERDICT_REFUSED)
		log_warn("delivery %s to destination %s failed: %s", flight->attempt.id,
			 flight->attempt.destination, flight->attempt.why);
	flight_discard(flight);
	outbox_look(outbox);
}

/* The texts live until the batch is submitted. */
struct record {
	char *reference, *progress;
	struct store_value outcome[11], referred[6], held[3];
	struct store_step steps[3];
	unsigned n;
};

static void add_outcome(struct record *record, struct flight *flight, int64_t due)
{
	const struct attempt *attempt = &flight->attempt;
	const char *state = state_of(flight);
	bool waits = strcmp(state, "waiting") == 0;
	bool says_why = flight->verdict != VERDICT_DELIVERED || *attempt->why;

	record->progress = attempt->progress ? json_dumps(attempt->progress, JSON_COMPACT) : NULL;
	record->outcome[0] = store_text(attempt->org);
	record->outcome[1] = store_text(attempt->id);
	record->outcome[2] = store_text(state);
	record->outcome[3] = store_int(due);
	record->outcome[4] = waits ? store_null() : store_int(outbox_now(flight->outbox));
	record->outcome[5] = attempt->status ? store_int(attempt->status) : store_null();
	record->outcome[6] = says_why && *attempt->why ? store_text(attempt->why) : store_null();
	record->outcome[7] = store_int(waits && flight->may_have_arrived);
	record->outcome[8] = store_text(record->progress);
	record->outcome[9] = store_text(flight->outbox->config.owner);
	record->outcome[10] = store_int(flight->tries);
	record->steps[record->n++] =
		(struct store_step) { outcome_sql, record->outcome, 11, STORE_ANY };
}

/* While it is ours still: a server that was taken for dead does not overwrite a newer one. */
static void add_reference(struct record *record, const struct flight *flight)
{
	const struct attempt *attempt = &flight->attempt;

	if (!attempt->reference)
		return;
	record->reference = json_dumps(attempt->reference, JSON_COMPACT);
	record->referred[0] = store_text(attempt->org);
	record->referred[1] = store_text(attempt->id);
	record->referred[2] = store_int(outbox_now(flight->outbox));
	record->referred[3] = store_text(record->reference);
	record->referred[4] = store_text(flight->outbox->config.owner);
	record->referred[5] = store_int(flight->tries);
	record->steps[record->n++] =
		(struct store_step) { reference_sql, record->referred, 6, STORE_ANY };
}

static void add_hold(struct record *record, const struct flight *flight, int64_t due)
{
	const struct attempt *attempt = &flight->attempt;

	if (!flight->asked_ns)
		return;
	record->held[0] = store_text(attempt->org);
	record->held[1] = store_text(attempt->destination);
	record->held[2] = store_int(due);
	record->steps[record->n++] = (struct store_step) { hold_sql, record->held, 3, STORE_ANY };
}

static int64_t next_due(const struct flight *flight)
{
	uint64_t random = 0;

	if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
		abort();
	return outbox_now(flight->outbox) +
	       (int64_t)retry_delay_ns((unsigned)flight->tries, random, flight->asked_ns);
}

void flight_record(struct flight *flight)
{
	struct record record = { 0 };
	int64_t due =
		flight->verdict == VERDICT_AGAIN ? next_due(flight) : outbox_now(flight->outbox);

	flight->may_have_arrived = flight->may_have_arrived || (flight->verdict == VERDICT_AGAIN &&
								flight->attempt.is_uncertain);
	add_reference(&record, flight);
	add_outcome(&record, flight, due);
	add_hold(&record, flight, due);
	flight->ticket = store_submit(flight->outbox->config.store,
				      &(struct store_batch) {
					      .org = flight->attempt.org,
					      .steps = record.steps,
					      .n_steps = record.n,
				      },
				      handle_recorded, flight);
	free(record.reference);
	free(record.progress);
}
