/* The door for deliveries: who sends it is proven first, then it is read, then handed on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/alert/sender.h"

#define SIGNED_PREFIX "signature:"

static const char replay_sql[] = "SELECT time FROM alert_deliveries WHERE org = $1 "
				 "AND integration = $2 AND id = $3";
static const char delivery_sql[] =
	"INSERT INTO alert_deliveries (org, integration, id, time) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (org, integration, id) DO NOTHING";
static const char old_sql[] = "DELETE FROM alert_deliveries WHERE time < $1";

struct intake {
	struct alert_delivery delivery;
	struct alert_payload payload;
	struct store_value touch[SENDER_TOUCH_PARAMS], known[4];
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

	memcpy(intake->known,
	       ((const struct store_value[]) { org, id, store_text(intake->payload.delivery),
					       now }),
	       sizeof(intake->known));
	intake->steps[0] = sender_touch_step(exchange, intake->touch);
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

static void handle_found(struct exchange *exchange, const struct store_result *result)
{
	struct sender sender = { 0 };

	sender_judge(exchange, result, &sender);
	if (sender.verdict == SECRET_PROVEN || sender.verdict == SECRET_SIGNED)
		read_payload(exchange,
			     &(struct alert_source) { .kind = sender.kind,
						      .integration = exchange->params[0],
						      .settings = sender.settings },
			     sender.verdict, sender.signature);
	else
		sender_refuse(exchange, sender.verdict);
	sender_finish(&sender);
}

static void post_alerts(struct exchange *exchange)
{
	exchange->data = exchange_alloc(exchange, sizeof(struct intake));
	exchange->finish = finish_intake;
	sender_find(exchange, handle_found);
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
#define INTAKE(verb, path, name, words)                                                        \
	{                                                                                      \
		.method = (verb), .operation = (name), .pattern = (path), .summary = (words),  \
		.least = ROLE_NONE, .max_body_bytes = ALERT_MAX_BODY_BYTES, .response = TAKEN, \
		.handle = post_alerts                                                          \
	}

const struct route routes_alert_intake[] = {
	INTAKE("POST", "/api/v1/alerts/{integration_id}", "send_alerts",
	       "Takes a delivery of an integration, which brings its secret or signs with it."),
	INTAKE("PUT", "/api/v1/alerts/{integration_id}", "put_alerts",
	       "The same for senders that PUT."),
	INTAKE("POST", "/api/v1/alerts/{integration_id}/{secret}", "send_alerts_by_url",
	       "The same for senders that can set no header."),
	INTAKE("PUT", "/api/v1/alerts/{integration_id}/{secret}", "put_alerts_by_url",
	       "The same for senders that PUT and can set no header."),
	{ 0 },
};
