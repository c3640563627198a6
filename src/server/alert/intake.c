/* The door for deliveries: who sends it is proven first, then it is read, then handed on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/alert/secret.h"
#include "server/api/exchange.h"

#define TOUCH_NS (60 * (int64_t)NS_PER_SEC)
#define SIGNED_PREFIX "signature:"

static const char find_sql[] =
	"SELECT org, kind, settings, hash, sealed, "
	"CASE WHEN old_expires > $2 THEN old_hash END, "
	"CASE WHEN old_expires > $2 THEN old_sealed END FROM integrations WHERE id = $1";
static const char replay_sql[] = "SELECT time FROM alert_deliveries WHERE org = $1 "
				 "AND integration = $2 AND id = $3";
static const char delivery_sql[] =
	"INSERT INTO alert_deliveries (org, integration, id, time) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (org, integration, id) DO NOTHING";
static const char touch_sql[] =
	"UPDATE integrations SET last_received = $3 WHERE org = $1 AND id = $2 "
	"AND (last_received IS NULL OR last_received < $4)";
static const char old_sql[] = "DELETE FROM alert_deliveries WHERE time < $1";

struct intake {
	struct alert_delivery delivery;
	struct alert_payload payload;
	struct store_value touch[4], known[4];
	struct store_step steps[2];
};

static void finish_intake(struct exchange *exchange)
{
	struct intake *intake = exchange->data;

	alert_payload_finish(&intake->payload);
}

static struct alert_counters *counters(const struct exchange *exchange)
{
	return &exchange->api->alerts->counters;
}

static void answer(struct exchange *exchange, unsigned n_alerts, unsigned n_ignored, int is_replay)
{
	exchange_answer(exchange,
			json_pack("{s:b, s:i, s:i, s:b}", "ok", 1, "alerts", (int)n_alerts,
				  "ignored", (int)n_ignored, "replay", is_replay));
}

static void handle_taken(const struct error *err, void *data)
{
	struct exchange *exchange = data;
	const struct intake *intake = exchange->data;

	if (err) {
		counters(exchange)->failed++;
		exchange_fail(exchange, err);
		return;
	}
	counters(exchange)->deliveries++;
	counters(exchange)->alerts += json_array_size(intake->payload.alerts);
	answer(exchange, (unsigned)json_array_size(intake->payload.alerts),
	       intake->payload.n_ignored, 0);
}

static void take(struct exchange *exchange)
{
	const struct alerts *alerts = exchange->api->alerts;
	struct intake *intake = exchange->data;
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	const struct store_value id = store_text(exchange->params[0]);

	memcpy(intake->touch,
	       ((const struct store_value[]) { org, id, now, store_int(now.integer - TOUCH_NS) }),
	       sizeof(intake->touch));
	memcpy(intake->known,
	       ((const struct store_value[]) { org, id, store_text(intake->payload.delivery),
					       now }),
	       sizeof(intake->known));
	intake->steps[0] = (struct store_step) { touch_sql, intake->touch, 4, STORE_ANY };
	intake->steps[1] = (struct store_step) { delivery_sql, intake->known, 4, STORE_ANY };
	intake->delivery = (struct alert_delivery) {
		.org = exchange->caller.org->id,
		.integration = exchange->params[0],
		.alerts = intake->payload.alerts,
		.steps = intake->steps,
		.n_steps = *intake->payload.delivery ? 2 : 1,
	};
	alerts->config.take(&intake->delivery, handle_taken, exchange, alerts->config.data);
}

static void handle_replay(struct exchange *exchange, const struct store_result *result)
{
	if (result->steps[0].n_rows == 0) {
		take(exchange);
		return;
	}
	/* It is there already, so this is what the sender wants to hear. */
	counters(exchange)->replays++;
	answer(exchange, 0, 0, 1);
}

static void hand_on(struct exchange *exchange)
{
	const struct intake *intake = exchange->data;

	counters(exchange)->ignored += intake->payload.n_ignored;
	if (json_array_size(intake->payload.alerts) == 0)
		answer(exchange, 0, intake->payload.n_ignored, 0);
	else if (*intake->payload.delivery)
		exchange_submit(exchange,
				&(struct store_step)STEP(replay_sql, STORE_ANY,
							 exchange_org(exchange),
							 store_text(exchange->params[0]),
							 store_text(intake->payload.delivery)),
				1, handle_replay);
	else
		take(exchange);
}

/* Ids that the request has beside its body. */
static void name_delivery(struct exchange *exchange, enum secret_verdict verdict,
			  const char *signature)
{
	struct alert_payload *payload = &((struct intake *)exchange->data)->payload;
	const char *key = http_request_field(exchange->http, "idempotency-key");

	if (*payload->delivery)
		return;
	/* One body, one time, one signature: what comes with it again is the same. */
	if (verdict == SECRET_SIGNED)
		text_format(payload->delivery, sizeof(payload->delivery), SIGNED_PREFIX "%s",
			    signature);
	else if (key && *key && strlen(key) < sizeof(payload->delivery))
		text_format(payload->delivery, sizeof(payload->delivery), "%s", key);
}

static void refuse(struct exchange *exchange, enum secret_verdict verdict)
{
	const struct api *api = exchange->api;

	counters(exchange)->unauthenticated++;
	exchange->api->counters.unauthenticated++;
	if (!rate_take(api->strangers, exchange->http->peer->address, 1, exchange_ticks())) {
		exchange->api->counters.limited++;
		http_reply_header(exchange->http, "Retry-After", "60");
		exchange_refuse(exchange, 429, "too_many_requests",
				"too many attempts from %s: wait a minute",
				exchange->http->peer->address);
		return;
	}
	http_reply_header(exchange->http, "WWW-Authenticate", "Bearer");
	exchange_refuse(exchange, 401, "unauthenticated", "%s", secret_sentence(verdict));
}

static void read_payload(struct exchange *exchange, const struct alert_source *source,
			 enum secret_verdict verdict, const char *signature)
{
	const struct http_request *http = exchange->http;
	struct intake *intake = exchange->data;
	struct error err = { 0 };

	if (alert_payload_read(source, (struct str) { http->body, http->n_body }, &intake->payload,
			       &err) < 0) {
		counters(exchange)->refused++;
		exchange_refuse(exchange, err.code == -E2BIG ? 413 : 400, "bad_payload", "%s",
				err.text);
		return;
	}
	name_delivery(exchange, verdict, signature);
	hand_on(exchange);
}

/* NULL where the field is not there, or the kind has none. */
static const char *field(const struct exchange *exchange, const char *name)
{
	return name ? http_request_field(exchange->http, name) : NULL;
}

static const char *text_or_null(const struct store_rows *rows, unsigned column)
{
	return store_at(rows, 0, column)->kind == STORE_TEXT ? store_text_at(rows, 0, column)
							     : NULL;
}

/* A header counts before the URL: addresses are written into more logs than headers. */
static const char *given_token(const struct exchange *exchange)
{
	const char *token = exchange_credential(exchange);

	return token || !*exchange->params[1] ? token : exchange->params[1];
}

static void handle_found(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	CLEANUP(json) json_t *settings = NULL;
	struct alert_source source = { .integration = exchange->params[0] };
	struct secret_place place = { .vault = exchange->api->alerts->config.vault,
				      .integration = exchange->params[0] };
	struct secret_proof proof = { .now_ns = clock_wall_ns() };
	enum secret_verdict verdict;

	if (rows->n_rows)
		exchange->caller.org = orgs_find(exchange->api->orgs, store_text_at(rows, 0, 0));
	if (!exchange->caller.org) {
		refuse(exchange, SECRET_WRONG);
		return;
	}
	settings = json_loads(store_text_at(rows, 0, 2), 0, NULL);
	(void)alert_kind_from_name(store_text_at(rows, 0, 1), &source.kind);
	source.settings = settings;
	place.kind = source.kind;
	place.org = exchange->caller.org->id;
	proof.token = given_token(exchange);
	proof.signature = field(exchange, secret_signature_field(source.kind, settings));
	proof.timestamp = field(exchange, secret_timestamp_field(source.kind, settings));
	proof.body = (struct str) { exchange->http->body, exchange->http->n_body };
	verdict = secret_judge(&place,
			       (const struct secret_kept[]) {
				       { text_or_null(rows, 3), text_or_null(rows, 4) },
				       { text_or_null(rows, 5), text_or_null(rows, 6) },
			       },
			       &proof);
	if (verdict == SECRET_PROVEN || verdict == SECRET_SIGNED)
		read_payload(exchange, &source, verdict, proof.signature);
	else
		refuse(exchange, verdict);
}

static void post_alerts(struct exchange *exchange)
{
	exchange->data = exchange_alloc(exchange, sizeof(struct intake));
	exchange->finish = finish_intake;
	exchange_submit_all(exchange,
			    &(struct store_step)STEP(find_sql, STORE_ANY,
						     store_text(exchange->params[0]),
						     exchange_now()),
			    1, handle_found);
}

struct store_step alert_upkeep_step(struct store_value params_out[1])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - ALERT_DELIVERIES_KEPT_NS));
	return (struct store_step) { old_sql, params_out, 1, STORE_ANY };
}

#define TAKEN                                                          \
	SCHEMA_GIVES("\"ok\",\"alerts\",\"ignored\",\"replay\"",       \
		     "\"ok\":" SCHEMA_FLAG ",\"alerts\":" SCHEMA_COUNT \
		     ",\"ignored\":" SCHEMA_COUNT ",\"replay\":" SCHEMA_FLAG)
#define INTAKE(verb, path, words)                                                                \
	{                                                                                        \
		.method = (verb), .pattern = (path), .summary = (words), .least = ROLE_NONE,     \
		.max_body_bytes = ALERT_MAX_BODY_BYTES, .response = TAKEN, .handle = post_alerts \
	}

const struct route routes_alert_intake[] = {
	INTAKE("POST", "/api/v1/alerts/{integration_id}",
	       "Takes a delivery of an integration, which brings its secret or signs with it."),
	INTAKE("PUT", "/api/v1/alerts/{integration_id}", "The same for senders that PUT."),
	INTAKE("POST", "/api/v1/alerts/{integration_id}/{secret}",
	       "The same for senders that can set no header."),
	INTAKE("PUT", "/api/v1/alerts/{integration_id}/{secret}",
	       "The same for senders that PUT and can set no header."),
	{ 0 },
};
