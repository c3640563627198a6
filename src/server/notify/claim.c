/* Taking a delivery in hand: in one batch it becomes ours and is read with all it needs. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "identity/file.h"
#include "server/notify/outbox_internal.h"
#include "server/org/vault.h"

#define SECRET_MAX_BYTES (16 * KIB)

static const char read_sql[] =
	"SELECT d.destination, d.incident, d.event, d.part, d.created, d.tries, d.uncertain, "
	"d.progress, d.document, t.kind, t.config, t.sealed, r.reference FROM deliveries d "
	"JOIN destinations t ON t.org = d.org AND t.id = d.destination "
	"LEFT JOIN delivery_references r ON r.org = d.org AND r.destination = d.destination "
	"AND r.incident = d.incident WHERE d.org = $1 AND d.id = $2 AND d.state = 'waiting'";
static const char claim_sql[] =
	"UPDATE deliveries SET state = 'sending', owner = $3, lease = $4, tries = tries + 1, "
	"uncertain = 1 WHERE org = $1 AND id = $2 AND state = 'waiting'";

enum column {
	AT_DESTINATION,
	AT_INCIDENT,
	AT_EVENT,
	AT_PART,
	AT_CREATED,
	AT_TRIES,
	AT_UNCERTAIN,
	AT_PROGRESS,
	AT_DOCUMENT,
	AT_KIND,
	AT_CONFIG,
	AT_SEALED,
	AT_REFERENCE,
};

static json_t *parse(const struct store_rows *row, enum column column)
{
	const struct store_value *value = store_at(row, 0, column);

	return value->kind == STORE_TEXT ? json_loadb(value->text.data, value->text.len, 0, NULL)
					 : NULL;
}

static json_t *unseal(const struct flight *flight, const char *sealed)
{
	CLEANUP(secret_buf) struct buf secret = { 0 };
	const struct attempt *attempt = &flight->attempt;
	struct error err = { 0 };
	char use[128];

	buf_init(&secret, SECRET_MAX_BYTES);
	text_format(use, sizeof(use), "destination/%s", attempt->destination);
	if (vault_unseal(flight->outbox->config.vault, attempt->org, use, sealed, &secret, &err) <
	    0) {
		log_error("the secret of destination %s: %s", attempt->destination, err.text);
		return NULL;
	}
	return json_loadb(buf_text(&secret), secret.len, 0, NULL);
}

static void fill(struct flight *flight, const struct store_rows *row)
{
	struct attempt *attempt = &flight->attempt;

	text_format(attempt->destination, sizeof(attempt->destination), "%s",
		    store_text_at(row, 0, AT_DESTINATION));
	text_format(attempt->incident, sizeof(attempt->incident), "%s",
		    store_text_at(row, 0, AT_INCIDENT));
	text_format(attempt->event, sizeof(attempt->event), "%s", store_text_at(row, 0, AT_EVENT));
	text_format(attempt->part, sizeof(attempt->part), "%s", store_text_at(row, 0, AT_PART));
	attempt->created_ns = store_int_at(row, 0, AT_CREATED);
	attempt->now_ns = outbox_now(flight->outbox);
	attempt->is_uncertain = store_int_at(row, 0, AT_UNCERTAIN) != 0;
	flight->tries = store_int_at(row, 0, AT_TRIES) + 1;
	attempt->progress = parse(row, AT_PROGRESS);
	attempt->document = parse(row, AT_DOCUMENT);
	attempt->reference = parse(row, AT_REFERENCE);
	attempt->config = parse(row, AT_CONFIG);
	attempt->secret = unseal(flight, store_text_at(row, 0, AT_SEALED));
	flight->kind = kind_find(store_text_at(row, 0, AT_KIND));
}

static void handle_claimed(const struct store_result *result, const struct error *err, void *data)
{
	struct flight *flight = data;
	struct attempt *attempt = &flight->attempt;
	struct outbox *outbox = flight->outbox;

	flight->ticket = 0;
	if (err) {
		/* Another server has it; or the store has trouble, and its outcome ends a lease. */
		flight_discard(flight);
		return;
	}
	fill(flight, &result->steps[0]);
	if (flight->kind && attempt->document && attempt->config && attempt->secret) {
		outbox->counters.open = outbox->n_flights;
		flight_carry(flight);
		return;
	}
	text_format(attempt->why, sizeof(attempt->why),
		    "this server cannot read the destination's secret");
	flight->verdict = VERDICT_AGAIN;
	flight->may_have_arrived = attempt->is_uncertain;
	flight_record(flight);
}

void outbox_claim(struct outbox *outbox, const char *org, const char *id)
{
	struct flight *flight = calloc(1, sizeof(*flight));
	int64_t lease = outbox_now(outbox) + (int64_t)OUTBOX_LEASE_NS;
	const struct store_value read[] = { store_text(org), store_text(id) };
	const struct store_value claim[] = { store_text(org), store_text(id),
					     store_text(outbox->config.owner), store_int(lease) };
	const struct store_step steps[] = {
		{ read_sql, read, ARRAY_LEN(read), STORE_SOME },
		{ claim_sql, claim, ARRAY_LEN(claim), STORE_SOME },
	};

	if (!flight)
		abort();
	flight->outbox = outbox;
	text_format(flight->attempt.org, sizeof(flight->attempt.org), "%s", org);
	text_format(flight->attempt.id, sizeof(flight->attempt.id), "%s", id);
	buf_init(&flight->attempt.answer, ATTEMPT_ANSWER_MAX_BYTES);
	TAILQ_INSERT_TAIL(&outbox->flights, flight, link);
	outbox->n_flights++;
	flight->ticket = store_submit(outbox->config.store,
				      &(struct store_batch) {
					      .org = org,
					      .steps = steps,
					      .n_steps = ARRAY_LEN(steps),
				      },
				      handle_claimed, flight);
}
