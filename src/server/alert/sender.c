#include "server/alert/sender.h"

#include "base/clock.h"

#define TOUCH_NS (60 * (int64_t)NS_PER_SEC)

static const char find_sql[] =
	"SELECT org, kind, settings, hash, sealed, "
	"CASE WHEN old_expires > $2 THEN old_hash END, "
	"CASE WHEN old_expires > $2 THEN old_sealed END FROM integrations WHERE id = $1";
static const char touch_sql[] =
	"UPDATE integrations SET last_received = $3 WHERE org = $1 AND id = $2 "
	"AND (last_received IS NULL OR last_received < $4)";

void sender_refuse(struct exchange *exchange, enum secret_verdict verdict)
{
	const struct api *api = exchange->api;

	api->alerts->counters.unauthenticated++;
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

void sender_judge(struct exchange *exchange, const struct store_result *result,
		  struct sender *sender_out)
{
	const struct store_rows *rows = result->steps;
	struct secret_place place = { .vault = exchange->api->alerts->config.vault,
				      .integration = exchange->params[0] };
	struct secret_proof proof = { .now_ns = clock_wall_ns() };

	*sender_out = (struct sender) { .verdict = SECRET_WRONG };
	if (rows->n_rows)
		exchange->caller.org = orgs_find(exchange->api->orgs, store_text_at(rows, 0, 0));
	if (!exchange->caller.org)
		return;
	sender_out->settings = json_loads(store_text_at(rows, 0, 2), 0, NULL);
	(void)alert_kind_from_name(store_text_at(rows, 0, 1), &sender_out->kind);
	place.kind = sender_out->kind;
	place.org = exchange->caller.org->id;
	proof.token = given_token(exchange);
	proof.signature = field(exchange, secret_signature_field(place.kind, sender_out->settings));
	proof.timestamp = field(exchange, secret_timestamp_field(place.kind, sender_out->settings));
	proof.body = (struct str) { exchange->http->body, exchange->http->n_body };
	sender_out->signature = proof.signature;
	sender_out->verdict = secret_judge(&place,
					   (const struct secret_kept[]) {
						   { text_or_null(rows, 3), text_or_null(rows, 4) },
						   { text_or_null(rows, 5), text_or_null(rows, 6) },
					   },
					   &proof);
}

void sender_finish(struct sender *sender)
{
	json_decref(sender->settings);
	sender->settings = NULL;
}

void sender_find(struct exchange *exchange, exchange_done *done)
{
	exchange_submit_all(exchange,
			    &(struct store_step)STEP(find_sql, STORE_ANY,
						     store_text(exchange->params[0]),
						     exchange_now()),
			    1, done);
}

struct store_step sender_touch_step(struct exchange *exchange,
				    struct store_value room[SENDER_TOUCH_PARAMS])
{
	room[0] = exchange_org(exchange);
	room[1] = store_text(exchange->params[0]);
	room[2] = exchange_now();
	room[3] = store_int(room[2].integer - TOUCH_NS);
	return (struct store_step) { touch_sql, room, SENDER_TOUCH_PARAMS, STORE_ANY };
}
