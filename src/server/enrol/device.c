#include "server/enrol/device.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"

#define SECOND_NS ((int64_t)NS_PER_SEC)
#define TOKEN_LIFE_NS (600 * SECOND_NS)
#define KEY_LIFE_NS (90 * 86400 * SECOND_NS)
#define POLL_NS (4 * SECOND_NS) /* of DEVICE_INTERVAL_S: networks are not exact */

static const char insert_sql[] =
	"INSERT INTO device_codes (device_hash, user_code, state, address, created, expires, "
	"client) VALUES ($1, $2, 'pending', $3, $4, $5, $6)";
static const char look_sql[] = "SELECT " DEVICE_COLUMNS " FROM device_codes "
			       "WHERE user_code = $1 AND state = 'pending' AND expires > $2";
static const char decide_sql[] =
	"UPDATE device_codes SET org = $3, state = $4, decided = $2, decided_by = $5 "
	"WHERE user_code = $1 AND state = 'pending' AND expires > $2 RETURNING " DEVICE_COLUMNS;
static const char poll_sql[] =
	"SELECT org, state, expires, polled, client FROM device_codes WHERE device_hash = $1";
static const char polled_sql[] = "UPDATE device_codes SET polled = $2 WHERE device_hash = $1";
static const char use_sql[] = "UPDATE device_codes SET state = 'used' "
			      "WHERE device_hash = $1 AND state = 'approved'";
static const char note_sql[] = "UPDATE device_codes SET client = $2 WHERE device_hash = $1";
static const char token_sql[] =
	"INSERT INTO tokens (org, id, kind, hash, created, expires, uses_left, network, "
	"created_by) "
	"SELECT org, CAST($2 AS TEXT), 'device', CAST($3 AS TEXT), CAST($4 AS BIGINT), "
	"CAST($5 AS BIGINT), 1, '', decided_by FROM device_codes WHERE device_hash = $1";
static const char key_sql[] =
	"INSERT INTO api_keys (org, id, name, role, hash, created, expires) "
	"SELECT org, CAST($2 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), CAST($3 AS TEXT), "
	"CAST($4 AS BIGINT), CAST($5 AS BIGINT) FROM device_codes WHERE device_hash = $1";

void device_codes_make(struct device_codes *codes, const char *address, const json_t *client,
		       struct store_step *step_out)
{
	int64_t now = (int64_t)clock_wall_ns();

	token_make(TOKEN_DEVICE, &codes->device);
	(void)user_code_make(codes->user);
	(void)token_hash(codes->device.text, strlen(codes->device.text), codes->hash);
	codes->client = json_canonical(client);
	const struct store_value params[] = {
		store_text(codes->hash),
		store_text(codes->user),
		store_text(address),
		store_int(now),
		store_int(now + DEVICE_LIFE_S * SECOND_NS),
		store_text(codes->client),
	};
	memcpy(codes->params, params, sizeof(params));
	*step_out = (struct store_step) { insert_sql, codes->params, ARRAY_LEN(params), STORE_ANY };
}

void device_codes_finish(struct device_codes *codes)
{
	token_cleanup(&codes->device);
	free(codes->client);
	codes->client = NULL;
}

static void handle_no_code(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, "invalid_code",
				"no host waits with this code: it is wrong, decided or expired");
	else
		exchange_fail(exchange, err);
}

static void look(struct exchange *exchange, const char *code, exchange_done *then)
{
	exchange_submit_all(
		exchange,
		&(struct store_step)STEP(look_sql, STORE_SOME, store_text(code), exchange_now()), 1,
		then);
}

void device_decide(struct exchange *exchange, const char *user_code, enum device_decision decision,
		   exchange_done *then)
{
	char code[USER_CODE_BYTES];
	const char *state = decision == DEVICE_ALLOW ? "approved" : "denied";

	if (!rate_take(exchange->api->guesses, exchange->http->peer->address, 1,
		       clock_monotonic_ns())) {
		exchange_refuse(exchange, 429, "too_many_requests",
				"too many codes were tried: wait a minute");
		return;
	}
	if (!exchange->failed)
		exchange->failed = handle_no_code;
	if (!user_code_read(user_code, strlen(user_code), code)) {
		exchange->failed(exchange, &(struct error) { .code = -ENOENT });
		return;
	}
	if (decision == DEVICE_LOOK) {
		look(exchange, code, then);
		return;
	}
	const struct store_step steps[] = {
		STEP(decide_sql, STORE_SOME, store_text(code), exchange_now(),
		     exchange_org(exchange), store_text(state),
		     store_text(exchange_actor(exchange))),
		exchange_audit(exchange,
			       decision == DEVICE_ALLOW ? "device.approve" : "device.deny", code,
			       NULL),
	};
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), then);
}

static void handle_redeemed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct device_grant *grant = exchange->data;

	exchange->failed = NULL;
	grant->then(exchange, grant);
}

static void handle_spent(struct exchange *exchange, const struct error *err)
{
	struct device_grant *grant = exchange->data;

	exchange->failed = NULL;
	if (err->code != -ENOENT) {
		exchange_fail(exchange, err);
		return;
	}
	grant->word = "invalid_grant";
	grant->refused(exchange, grant);
}

static void redeem(struct exchange *exchange, struct device_grant *grant)
{
	CLEANUP(json) json_t *client = json_loads(grant->client, 0, NULL);
	const char *scope = json_get_text(client, "scope", "agent");
	enum role role = ROLE_NONE;
	bool is_key = role_from_name(scope, &role);
	int64_t now = (int64_t)clock_wall_ns();
	const struct store_value hash = store_text(grant->hash);

	grant->scope = is_key ? role_name(role) : "agent";
	credential_make(is_key ? TOKEN_API_KEY : TOKEN_PROVISIONING, &grant->made);
	const struct store_value made[] = {
		hash,
		store_text(grant->made.id),
		store_text(grant->made.hash),
		store_int(now),
		store_int(now + (is_key ? KEY_LIFE_NS : TOKEN_LIFE_NS)),
		store_text(json_get_text(client, "hostname", "device login")),
		store_text(grant->scope),
	};
	const struct store_step steps[] = {
		STEP(use_sql, STORE_SOME, hash),
		{ is_key ? key_sql : token_sql, made, is_key ? 7 : 5, STORE_SOME },
		exchange_audit(exchange, "device.redeem", grant->made.id,
			       json_pack("{s:s}", "scope", grant->scope)),
	};
	exchange->failed = handle_spent;
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), handle_redeemed);
}

/* NULL where the code is approved. */
static const char *refusal(const struct store_rows *rows)
{
	int64_t now = (int64_t)clock_wall_ns();
	const char *state;

	if (rows->n_rows == 0)
		return "invalid_grant";
	state = store_text_at(rows, 0, 1);
	if (strcmp(state, "used") == 0)
		return "invalid_grant";
	if (store_int_at(rows, 0, 2) <= now)
		return "expired_token";
	if (strcmp(state, "denied") == 0)
		return "access_denied";
	if (strcmp(state, "approved") == 0)
		return NULL;
	return now - store_int_at(rows, 0, 3) < POLL_NS ? "slow_down" : "authorization_pending";
}

static void remember_agent(struct device_grant *grant, const char *text)
{
	CLEANUP(json) json_t *client = json_loads(text, 0, NULL);

	grant->is_used = true;
	text_format(grant->agent, sizeof(grant->agent), "%s",
		    json_get_text(client, "agent_id", ""));
}

static void handle_poll(struct exchange *exchange, const struct store_result *result)
{
	struct device_grant *grant = exchange->data;
	const struct store_rows *rows = result->steps;

	grant->word = refusal(rows);
	if (rows->n_rows && strcmp(store_text_at(rows, 0, 1), "used") == 0)
		remember_agent(grant, store_text_at(rows, 0, 4));
	if (grant->word) {
		grant->refused(exchange, grant);
		return;
	}
	exchange->caller.org = orgs_find(exchange->api->orgs, store_text_at(rows, 0, 0));
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "device");
	text_format(grant->client, sizeof(grant->client), "%s", store_text_at(rows, 0, 4));
	redeem(exchange, grant);
}

void device_redeem(struct exchange *exchange, const char *device_code, struct device_grant *grant)
{
	exchange->data = grant;
	(void)token_hash(device_code, strlen(device_code), grant->hash);
	const struct store_step steps[] = {
		STEP(poll_sql, STORE_ANY, store_text(grant->hash)),
		STEP(polled_sql, STORE_ANY, store_text(grant->hash), exchange_now()),
	};
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), handle_poll);
}

void device_note_agent(struct exchange *exchange, const struct device_grant *grant,
		       const char *agent, struct store_step *step_out)
{
	CLEANUP(json) json_t *client = json_loads(grant->client, 0, NULL);
	struct store_value *params = exchange_alloc(exchange, 2 * sizeof(*params));
	CLEANUP(text) char *text = NULL;

	if (!client)
		client = json_object();
	json_put(client, "agent_id", json_string(agent));
	text = json_canonical(client);
	params[0] = store_text(grant->hash);
	params[1] = store_text(exchange_text(exchange, "%s", text));
	*step_out = (struct store_step) { note_sql, params, 2, STORE_ANY };
}
