/* Integrations over the API: made, shown, given another secret, tried out, removed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/file.h"
#include "server/alert/secret.h"
#include "server/alert/settings.h"
#include "server/alert/setup.h"
#include "server/api/exchange.h"

#define COLUMNS "id, kind, name, created, created_by, last_received, rotated, old_expires, settings"
#define URL_BYTES 768
#define SETUP_BYTES (16 * KIB)

static const char list_sql[] = "SELECT " COLUMNS " FROM integrations WHERE org = $1 "
			       "ORDER BY created, id LIMIT 1000";
static const char one_sql[] = "SELECT " COLUMNS " FROM integrations WHERE org = $1 AND id = $2";
static const char full_sql[] =
	"SELECT n FROM (SELECT COUNT(*) AS n FROM integrations WHERE org = $1) AS all_of_them "
	"WHERE n >= $2";
static const char insert_sql[] =
	"INSERT INTO integrations (org, id, kind, name, created, created_by, hash, sealed, "
	"settings) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING " COLUMNS;
static const char rotate_sql[] =
	"UPDATE integrations SET old_hash = hash, old_sealed = sealed, "
	"old_expires = CASE WHEN hash IS NULL AND sealed IS NULL THEN NULL "
	"ELSE CAST($3 AS BIGINT) END, hash = $4, sealed = $5, rotated = $6 "
	"WHERE org = $1 AND id = $2 RETURNING " COLUMNS;
static const char settings_sql[] = "UPDATE integrations SET settings = $3 WHERE org = $1 AND "
				   "id = $2 RETURNING " COLUMNS;
static const char delete_sql[] = "DELETE FROM integrations WHERE org = $1 AND id = $2";
static const char forget_sql[] = "DELETE FROM alert_deliveries WHERE org = $1 "
				 "AND integration = $2";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },         { "kind", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },       { "created", COLUMN_TIME },
	{ "created_by", COLUMN_TEXT }, { "last_received", COLUMN_TIME },
	{ "rotated", COLUMN_TIME },    { "old_secret_until", COLUMN_TIME },
	{ "settings", COLUMN_JSON },   { 0 },
};

/* What a handler needs until the store has answered. */
struct making {
	char id[CERTIFICATE_ID_BYTES];
	struct secret_made secret;
};

static void finish_making(struct exchange *exchange)
{
	struct making *making = exchange->data;

	free(making->secret.sealed);
	token_cleanup(&making->secret.token);
}

static struct making *begin_making(struct exchange *exchange, const char *id)
{
	struct making *making = exchange_alloc(exchange, sizeof(*making));
	char nonce[NONCE_TEXT_BYTES];

	if (id)
		text_format(making->id, sizeof(making->id), "%s", id);
	else
		text_format(making->id, sizeof(making->id), "int_%.20s", nonce_make(nonce));
	exchange->data = making;
	exchange->finish = finish_making;
	return making;
}

static void make_secret(struct exchange *exchange, enum alert_kind kind)
{
	struct making *making = exchange->data;
	const struct secret_place place = {
		.vault = exchange->api->alerts->config.vault,
		.org = exchange->caller.org->id,
		.integration = making->id,
		.kind = kind,
	};

	secret_make(&place, exchange_member(exchange, "secret", NULL), &making->secret);
}

static json_t *show(struct exchange *exchange, const struct store_rows *rows, const char *secret)
{
	json_t *answer = exchange_row(rows, 0, columns);
	CLEANUP(secret_buf) struct buf text = { 0 };
	struct setup setup = { .secret = secret };
	char url[URL_BYTES];

	(void)alert_kind_from_name(store_text_at(rows, 0, 1), &setup.kind);
	text_format(url, sizeof(url), "%s/api/v1/%s/%s", exchange->api->alerts->config.public_url,
		    setup.kind == ALERT_SLACK ? "chat" : "alerts", store_text_at(rows, 0, 0));
	setup.url = url;
	buf_init(&text, SETUP_BYTES);
	setup_write(&setup, &text);
	json_put(answer, "url", json_string(url));
	json_put(answer, "setup", json_string(buf_text(&text)));
	return answer;
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "integrations", columns));
}

static void get_integrations(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, show(exchange, result->steps, NULL));
}

static void read_one(struct exchange *exchange, exchange_done *done)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, done);
}

static void get_integration(struct exchange *exchange)
{
	read_one(exchange, handle_one);
}

static void answer_made(struct exchange *exchange, const struct store_rows *rows)
{
	const struct making *making = exchange->data;
	const char *secret = *making->secret.token.text ? making->secret.token.text : NULL;
	json_t *answer = show(exchange, rows, secret);

	json_put(answer, "secret", secret ? json_string(secret) : json_null());
	exchange_answer(exchange, answer);
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	answer_made(exchange, &result->steps[1]);
}

static void handle_exists(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, "exists",
				"there is an integration of this name, or there are %d already",
				ALERT_MAX_INTEGRATIONS);
	else
		exchange_fail(exchange, err);
}

static void insert(struct exchange *exchange, enum alert_kind kind)
{
	const struct making *making = exchange->data;
	const char *name = exchange_member(exchange, "name", alert_kind_name(kind));
	json_t *settings = alert_settings_stored(json_object_get(exchange->body, "settings"));
	CLEANUP(text) char *text = json_canonical(settings);
	const struct store_step steps[] = {
		STEP(full_sql, STORE_NONE, exchange_org(exchange),
		     store_int(ALERT_MAX_INTEGRATIONS)),
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(making->id),
		     store_text(alert_kind_name(kind)), store_text(name), exchange_now(),
		     store_text(exchange_actor(exchange)),
		     store_text(making->secret.has_hash ? making->secret.hash : NULL),
		     store_text(making->secret.sealed), store_text(text)),
		exchange_audit(
			exchange, "integration.create", making->id,
			json_pack("{s:s, s:s}", "kind", alert_kind_name(kind), "name", name)),
	};

	json_decref(settings);
	exchange->failed = handle_exists;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_made);
}

static bool secret_fits(struct exchange *exchange, enum alert_kind kind)
{
	if (!exchange_member(exchange, "secret", NULL) || secret_is_given(kind))
		return true;
	exchange_refuse(exchange, 400, "bad_request",
			"only PagerDuty and Slack make their own secrets; for %s one is made here",
			alert_kind_name(kind));
	return false;
}

static void post_integrations(struct exchange *exchange)
{
	enum alert_kind kind = ALERT_GENERIC;
	struct error err = { 0 };

	(void)alert_kind_from_name(exchange_member(exchange, "kind", ""), &kind);
	if (alert_settings_check(kind, json_object_get(exchange->body, "settings"), &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "%s", err.text);
		return;
	}
	if (!secret_fits(exchange, kind))
		return;
	(void)begin_making(exchange, NULL);
	make_secret(exchange, kind);
	insert(exchange, kind);
}

static void handle_rotated(struct exchange *exchange, const struct store_result *result)
{
	answer_made(exchange, &result->steps[0]);
}

static void handle_found(struct exchange *exchange, const struct store_result *result)
{
	struct making *making = begin_making(exchange, exchange->params[0]);
	int64_t overlap_s = json_get_int(exchange->body, "overlap_seconds", ALERT_OVERLAP_S);
	int64_t now = (int64_t)clock_wall_ns();
	enum alert_kind kind = ALERT_GENERIC;

	(void)alert_kind_from_name(store_text_at(result->steps, 0, 1), &kind);
	if (!secret_fits(exchange, kind))
		return;
	if (secret_is_given(kind) && !exchange_member(exchange, "secret", NULL)) {
		exchange_refuse(exchange, 400, "bad_request",
				"give the secret that the other side made: PagerDuty shows it with "
				"its webhook, Slack as the app's signing secret");
		return;
	}
	make_secret(exchange, kind);
	const struct store_step steps[] = {
		STEP(rotate_sql, STORE_SOME, exchange_org(exchange), store_text(making->id),
		     store_int(now + overlap_s * (int64_t)NS_PER_SEC),
		     store_text(making->secret.has_hash ? making->secret.hash : NULL),
		     store_text(making->secret.sealed), store_int(now)),
		exchange_audit(exchange, "integration.rotate", making->id, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_rotated);
}

static void rotate_integration(struct exchange *exchange)
{
	read_one(exchange, handle_found);
}

static void handle_settable(struct exchange *exchange, const struct store_result *result)
{
	const json_t *given = json_object_get(exchange->body, "settings");
	enum alert_kind kind = ALERT_GENERIC;
	struct error err = { 0 };

	(void)alert_kind_from_name(store_text_at(result->steps, 0, 1), &kind);
	if (alert_settings_check(kind, given, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "%s", err.text);
		return;
	}
	CLEANUP(json) json_t *settings = alert_settings_stored(given);
	CLEANUP(text) char *text = json_canonical(settings);
	const struct store_step steps[] = {
		STEP(settings_sql, STORE_SOME, exchange_org(exchange),
		     store_text(exchange->params[0]), store_text(text)),
		exchange_audit(exchange, "integration.settings", exchange->params[0],
			       json_pack("{s:O}", "settings", settings)),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_one);
}

static void put_integration(struct exchange *exchange)
{
	read_one(exchange, handle_settable);
}

static void handle_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_integration(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange), id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(delete_sql, STORE_SOME, org, id),
		STEP(forget_sql, STORE_ANY, org, id),
		exchange_audit(exchange, "integration.remove", exchange->params[0], NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_removed);
}

static void handle_sample(struct exchange *exchange, const struct store_result *result)
{
	const json_t *given = json_object_get(exchange->body, "payload");
	CLEANUP(json) json_t *settings = json_loads(store_text_at(result->steps, 0, 8), 0, NULL);
	struct alert_source source = { .integration = exchange->params[0], .settings = settings };
	CLEANUP(text) char *text = given ? json_canonical(given) : NULL;
	struct alert_payload payload = { 0 };
	struct error err = { 0 };
	struct str bytes;

	(void)alert_kind_from_name(store_text_at(result->steps, 0, 1), &source.kind);
	bytes.data = text ? text : alert_payload_sample(source.kind);
	bytes.len = strlen(bytes.data);
	if (alert_payload_read(&source, bytes, &payload, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "%s", err.text);
		return;
	}
	exchange_answer(exchange, json_pack("{s:O, s:i, s:s}", "alerts", payload.alerts, "ignored",
					    (int)payload.n_ignored, "delivery", payload.delivery));
	alert_payload_finish(&payload);
}

static void test_integration(struct exchange *exchange)
{
	read_one(exchange, handle_sample);
}

#define MEMBERS                                                                 \
	"\"id\":" SCHEMA_TEXT ",\"kind\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT \
	",\"created\":" SCHEMA_TEXT ",\"created_by\":" SCHEMA_TEXT              \
	",\"last_received\":" SCHEMA_NULL_TEXT ",\"rotated\":" SCHEMA_NULL_TEXT \
	",\"old_secret_until\":" SCHEMA_NULL_TEXT ",\"settings\":{\"type\":\"object\"}"
#define NAMES "\"id\",\"kind\",\"name\",\"created\",\"settings\""
#define SHOWN_MEMBERS MEMBERS ",\"url\":" SCHEMA_TEXT ",\"setup\":" SCHEMA_TEXT
#define SHOWN_NAMES NAMES ",\"url\",\"setup\""
#define GIVEN_SECRET "{\"type\":\"string\",\"minLength\":16,\"maxLength\":512}"
#define MADE SCHEMA_GIVES(SHOWN_NAMES ",\"secret\"", SHOWN_MEMBERS ",\"secret\":" SCHEMA_NULL_TEXT)

const struct route routes_integrations[] = {
	{ .method = "GET",
	  .operation = "list_integrations",
	  .pattern = "/api/v1/integrations",
	  .summary = "The systems that tell the org alerts, without their secrets.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("integrations", SCHEMA_GIVES(NAMES, MEMBERS)),
	  .handle = get_integrations },
	{ .method = "POST",
	  .operation = "create_integration",
	  .pattern = "/api/v1/integrations",
	  .summary = "Makes an integration, whose secret is shown once.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = SCHEMA_STRICT("\"kind\"", "\"kind\":{\"enum\":[\"alertmanager\",\"grafana\","
					       "\"pagerduty\",\"generic\",\"slack\"]}"
					       ",\"name\":" SCHEMA_NAME ",\"secret\":" GIVEN_SECRET
					       ",\"settings\":{\"type\":\"object\"}"),
	  .response = MADE,
	  .example = "{\"kind\":\"alertmanager\",\"name\":\"example\"}",
	  .handle = post_integrations },
	{ .method = "GET",
	  .operation = "get_integration",
	  .pattern = "/api/v1/integrations/{integration_id}",
	  .summary = "One integration, and how the other system is set up for it.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_GIVES(SHOWN_NAMES, SHOWN_MEMBERS),
	  .handle = get_integration },
	{ .method = "PUT",
	  .operation = "set_integration",
	  .pattern = "/api/v1/integrations/{integration_id}",
	  .summary = "Gives an integration other settings.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"settings\"", "\"settings\":{\"type\":\"object\"}"),
	  .response = SCHEMA_GIVES(SHOWN_NAMES, SHOWN_MEMBERS),
	  .example = "{\"settings\":{}}",
	  .handle = put_integration },
	{ .method = "DELETE",
	  .operation = "delete_integration",
	  .pattern = "/api/v1/integrations/{integration_id}",
	  .summary = "Removes an integration; what it told stays.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_integration },
	{ .method = "POST",
	  .operation = "rotate_integration",
	  .pattern = "/api/v1/integrations/{integration_id}/rotate",
	  .summary = "Gives an integration another secret; the old one is good for a while.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("", "\"secret\":" GIVEN_SECRET
				       ",\"overlap_seconds\":{\"type\":\"integer\","
				       "\"minimum\":0,\"maximum\":604800}"),
	  .response = MADE,
	  .example = "{\"overlap_seconds\":3600}",
	  .handle = rotate_integration },
	{ .method = "POST",
	  .operation = "test_integration",
	  .pattern = "/api/v1/integrations/{integration_id}/test",
	  .summary = "Shows which alerts a payload, or a usual one, would become.",
	  .least = ROLE_RESPONDER,
	  .max_body_bytes = ALERT_MAX_BODY_BYTES,
	  .request = SCHEMA_STRICT("", "\"payload\":{\"type\":[\"object\",\"array\"]}"),
	  .response = SCHEMA_GIVES("\"alerts\",\"ignored\",\"delivery\"",
				   "\"alerts\":{\"type\":\"array\"},\"ignored\":" SCHEMA_COUNT
				   ",\"delivery\":" SCHEMA_TEXT),
	  .example = "{}",
	  .handle = test_integration },
	{ 0 },
};
