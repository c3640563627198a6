/* POST /api/v1/agents/register: a host with a credential becomes an agent with a certificate. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/enrol/newcomer.h"
#include "server/enrol/routes.h"

/* A host that enrols again may bring the secret that it had: it is then that of the new agent. */
static const char own_key_sql[] =
	"INSERT INTO api_keys (org, id, name, role, hash, created) "
	"VALUES ($1, $2, $3, 'agent', $4, $5) ON CONFLICT (hash) DO UPDATE SET id = $2, name = $3, "
	"created = $5, revoked = NULL, expires = NULL WHERE api_keys.org = $1 "
	"AND api_keys.role = 'agent'";

struct registration {
	struct voucher_query query;
	struct voucher voucher;
	struct newcomer newcomer;
	struct issue issue;
	EVP_PKEY *key;
	const char *token; /* or */
	const char *api_key;
	char own_id[CERTIFICATE_ID_BYTES], own_hash[TOKEN_HASH_BYTES];
};

static void finish(struct exchange *exchange)
{
	struct registration *registration = exchange->data;

	voucher_finish(&registration->voucher);
	newcomer_finish(&registration->newcomer);
	issue_finish(&registration->issue);
	EVP_PKEY_free(registration->key);
	registration->key = NULL;
}

static void refuse(struct exchange *exchange, const struct error *err)
{
	switch (err->code) {
	case -ENOENT:
		exchange_refuse(exchange, 401, "bad_credential", "%s", err->text);
		return;
	case -EDQUOT:
		exchange_refuse(exchange, 429, "quota_exceeded", "%s", err->text);
		return;
	case -EKEYREJECTED:
		exchange_refuse(exchange, 400, "bad_request", "%s", err->text);
		return;
	default:
		exchange_fail(exchange, err);
	}
}

static void handle_lost(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL,
				"the key was enrolled before, or the token was used meanwhile: "
				"make a new key and ask for another token");
	else
		exchange_fail(exchange, err);
}

static void handle_enrolled(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct registration *registration = exchange->data;
	const struct org *org = registration->voucher.org;
	json_t *answer =
		issue_answer(exchange->api, registration->newcomer.agent, &registration->issue);

	/* What the host's root may pin: whose approvals and anchors count there. */
	json_put(answer, "org", json_string(org->id));
	json_put(answer, "root_key", org->root_key ? json_string(org->root_key) : json_null());
	json_put(answer, "anchor_key", json_string(exchange->api->config->anchor_key));
	exchange_answer(exchange, answer);
}

/*
 * The documented client brings a secret of its own for heartbeats. With it somebody could
 * pretend that the host lives, and no more.
 */
static unsigned add_own_key(struct exchange *exchange, struct store_step *step_out)
{
	struct registration *registration = exchange->data;
	const char *key = exchange_member(exchange, "api_key", "");
	char nonce[NONCE_TEXT_BYTES];
	struct store_value *params;

	if (registration->voucher.is_key || strlen(key) < 32)
		return 0;
	params = exchange_alloc(exchange, 5 * sizeof(*params));
	text_format(registration->own_id, sizeof(registration->own_id), "key_%.20s",
		    nonce_make(nonce));
	params[0] = store_text(registration->voucher.org->id);
	params[1] = store_text(registration->own_id);
	params[2] = store_text(registration->newcomer.agent);
	params[3] = store_text(token_hash(key, strlen(key), registration->own_hash));
	params[4] = exchange_now();
	*step_out = (struct store_step) { own_key_sql, params, 5, STORE_ANY };
	return 1;
}

static void enrol(struct exchange *exchange)
{
	struct registration *registration = exchange->data;
	struct newcomer *newcomer = &registration->newcomer;
	const struct voucher *voucher = &registration->voucher;
	struct store_step steps[NEWCOMER_STEPS + ISSUE_STEPS + 2];
	struct error err = { 0 };
	unsigned n = NEWCOMER_STEPS;

	newcomer_steps(newcomer, voucher, steps);
	if (issue_make(voucher->org, newcomer->agent, registration->key, &registration->issue,
		       &err) < 0) {
		refuse(exchange, &err);
		return;
	}
	issue_steps(&registration->issue, voucher->org->id, newcomer->agent, steps + n);
	n += ISSUE_STEPS;
	n += add_own_key(exchange, steps + n);
	exchange->caller.org = voucher->org;
	exchange->caller.role = voucher->is_key ? ROLE_ADMIN : ROLE_NONE;
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "%s", voucher->id);
	steps[n++] = exchange_audit(exchange, "agent.enrol", newcomer->agent,
				    json_pack("{s:s, s:s, s:s}", "hostname", newcomer->hostname,
					      "address", newcomer->address, "serial",
					      registration->issue.serial));
	exchange->failed = handle_lost;
	exchange_submit_all(exchange, steps, n, handle_enrolled);
}

static void handle_voucher(struct exchange *exchange, const struct store_result *result)
{
	struct registration *registration = exchange->data;
	const struct voucher_rule rule = {
		.api = exchange->api,
		.address = exchange->http->peer->address,
		.key = registration->api_key,
		.customer = exchange_member(exchange, "customer_id", NULL),
	};
	struct error err = { 0 };

	exchange->failed = NULL;
	if (voucher_read(&rule, result->steps, &registration->voucher, &err) < 0)
		refuse(exchange, &err);
	else
		enrol(exchange);
}

/* In the body or in the header; what kind it is its form says. */
static void choose_credential(struct exchange *exchange, struct registration *registration)
{
	const char *token = exchange_member(exchange, "provisioning_token", NULL);
	const char *key = exchange_credential(exchange);
	enum token_kind kind;

	if (!token)
		token = exchange_member(exchange, "token", NULL);
	if (!token && exchange_member(exchange, "customer_id", NULL) && !key)
		key = exchange_member(exchange, "api_key", NULL);
	if (!token && key && token_find_kind(key, strlen(key), &kind)) {
		if (kind == TOKEN_API_KEY || kind == TOKEN_CUSTOMER_KEY)
			registration->api_key = key;
		else
			token = key;
	}
	registration->token = token;
}

static void post_register(struct exchange *exchange)
{
	struct registration *registration = exchange_alloc(exchange, sizeof(*registration));
	struct issue_request request = { 0 };
	struct error err = { 0 };

	exchange->data = registration;
	exchange->finish = finish;
	choose_credential(exchange, registration);
	if (!registration->token && !registration->api_key) {
		exchange_refuse(exchange, 401, "unauthenticated",
				"there is no provisioning token, static token or key");
		return;
	}
	if (newcomer_read(exchange->body, exchange->http->peer->address, &registration->newcomer,
			  &err) < 0 ||
	    issue_request_read(exchange->body, &request, &err) < 0) {
		refuse(exchange, &err);
		return;
	}
	registration->key = request.key;
	if (registration->api_key)
		voucher_ask_key(&registration->query, registration->api_key);
	else
		voucher_ask_token(&registration->query, registration->token);
	exchange->failed = refuse;
	exchange_submit_all(exchange, &registration->query.step, 1, handle_voucher);
}

static void get_ca(struct exchange *exchange)
{
	exchange_answer_text(exchange, 200, "application/x-pem-file",
			     exchange->api->config->ca_pem);
}

#define LONG_TEXT "{\"type\":\"string\",\"maxLength\":32768}"
#define CREDENTIAL "{\"type\":\"string\",\"minLength\":10,\"maxLength\":1000}"

const struct route routes_register[] = {
	{ .method = "POST",
	  .operation = "register_agent",
	  .pattern = "/api/v1/agents/register",
	  .summary = "Enrols a host: with a token, or with a key and its customer id.",
	  .flags = ROUTE_LIMITED,
	  .max_body_bytes = 128 * KIB,
	  .request = SCHEMA_OBJECT("\"vm_id\":" SCHEMA_TEXT ",\"hostname\":" SCHEMA_TEXT
				   ",\"name\":" SCHEMA_TEXT ",\"csr\":" LONG_TEXT
				   ",\"csr_base64\":" LONG_TEXT
				   ",\"provisioning_token\":" CREDENTIAL ",\"token\":" CREDENTIAL
				   ",\"api_key\":" SCHEMA_TEXT ",\"customer_id\":" SCHEMA_TEXT
				   ",\"agent_version\":" SCHEMA_TEXT ",\"version\":" SCHEMA_TEXT
				   ",\"labels\":{\"type\":\"object\"},\"capabilities\":"
				   "{\"type\":[\"object\",\"array\"]}"),
	  .response = ISSUE_SCHEMA,
	  .example = "{\"hostname\":\"h\",\"csr\":\"\",\"provisioning_token\":\"prov_0000000000\"}",
	  .handle = post_register },
	{ .method = "GET",
	  .operation = "get_ca_certificate",
	  .pattern = "/api/v1/agents/ca-certificate",
	  .summary = "The CA that agents have to trust for this server.",
	  .type = "application/x-pem-file",
	  .handle = get_ca },
	{ 0 },
};
