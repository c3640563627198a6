/*
 * Renewal: with the certificate that is in force, or, for a host that slept too long, with
 * a proof of its key and a nonce of ours. Never for an agent that was revoked.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/key.h"
#include "identity/renewal.h"
#include "server/enrol/issue.h"
#include "server/enrol/nonces.h"
#include "server/enrol/routes.h"

#define GRACE_NS ((int64_t)CA_RENEW_GRACE_DAYS * 86400 * (int64_t)NS_PER_SEC)

static const char old_sql[] =
	"SELECT c.org, c.spki, c.not_after FROM certificates c "
	"JOIN agents a ON a.org = c.org AND a.id = c.agent "
	"WHERE c.agent = $1 AND c.revoked IS NULL AND a.revoked IS NULL AND c.not_after > $2 "
	"ORDER BY c.not_after DESC LIMIT 8";

struct renewing {
	struct issue_request request;
	struct issue issue;
};

static void finish(struct exchange *exchange)
{
	struct renewing *renewing = exchange->data;

	issue_request_finish(&renewing->request);
	issue_finish(&renewing->issue);
}

static void handle_lost(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 403, "forbidden",
				"the agent is revoked, or the key is another agent's");
	else
		exchange_fail(exchange, err);
}

static void handle_renewed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	const struct renewing *renewing = exchange->data;

	exchange_answer(exchange,
			issue_answer(exchange->api, exchange->caller.id, &renewing->issue));
}

static void refuse(struct exchange *exchange, unsigned status, const char *sentence)
{
	exchange_refuse(exchange, status, NULL, "%s", sentence);
}

/* The caller is known to be the agent. */
static void renew(struct exchange *exchange)
{
	struct renewing *renewing = exchange->data;
	struct store_step steps[ISSUE_STEPS + 1];
	const struct caller *caller = &exchange->caller;
	struct error err = { 0 };

	if (issue_make(caller->org, caller->id, renewing->request.key, &renewing->issue, &err) <
	    0) {
		refuse(exchange, 500, err.text);
		return;
	}
	issue_steps(&renewing->issue, caller->org->id, caller->id, steps);
	steps[ISSUE_STEPS] = exchange_audit(exchange, "certificate.renew", caller->id,
					    json_pack("{s:s}", "serial", renewing->issue.serial));
	exchange->failed = handle_lost;
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), handle_renewed);
}

static void renew_as_caller(struct exchange *exchange)
{
	if (exchange->caller.role != ROLE_AGENT || !exchange->http->peer->certificate)
		refuse(exchange, 403, "only the agent itself renews its certificate");
	else if (strcmp(exchange->caller.id, exchange->params[0]) != 0)
		refuse(exchange, 403, "this certificate is of another agent");
	else
		renew(exchange);
}

static int check_proof(struct exchange *exchange, const char *spki, struct error *err)
{
	const struct renewing *renewing = exchange->data;
	CLEANUP(key) EVP_PKEY *key = key_parse(spki, strlen(spki), err);
	struct renewal wanted = { 0 };

	if (!key)
		return err->code;
	text_format(wanted.agent, sizeof(wanted.agent), "%s", exchange->params[0]);
	text_format(wanted.csr_sha256, sizeof(wanted.csr_sha256), "%s", renewing->request.sha256);
	text_format(wanted.server_nonce, sizeof(wanted.server_nonce), "%s",
		    exchange_member(exchange, "nonce", ""));
	return renewal_verify(json_object_get(exchange->body, "proof"), key, &wanted, err);
}

/* Whether one of its keys signed: an agent that just changed keys has two for a while. */
static bool is_proven(struct exchange *exchange, const struct store_rows *rows)
{
	struct error err = { 0 };

	for (unsigned i = 0; i < rows->n_rows; i++)
		if (check_proof(exchange, store_text_at(rows, i, 1), &err) == 0)
			return true;
	return false;
}

static void handle_old(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	struct org *org =
		rows->n_rows ? orgs_find(exchange->api->orgs, store_text_at(rows, 0, 0)) : NULL;

	exchange->failed = NULL;
	/* One answer for what is unknown, revoked and not proven: it helps nobody to guess. */
	if (!org || !is_proven(exchange, rows)) {
		refuse(exchange, 403,
		       "the proof does not hold for an agent that may renew; one whose "
		       "certificate ended over 90 days ago has to enrol anew");
		return;
	}
	exchange->caller.org = org;
	exchange->caller.role = ROLE_AGENT;
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "%s", exchange->params[0]);
	renew(exchange);
}

static void post_certificate(struct exchange *exchange)
{
	struct renewing *renewing = exchange_alloc(exchange, sizeof(*renewing));
	int64_t now = (int64_t)clock_wall_ns();
	struct error err = { 0 };

	exchange->data = renewing;
	exchange->finish = finish;
	if (issue_request_read(exchange->body, &renewing->request, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "%s", err.text);
		return;
	}
	if (!json_object_get(exchange->body, "proof")) {
		exchange_authenticate(exchange, renew_as_caller);
		return;
	}
	if (!nonces_take(exchange->api->nonces, clock_monotonic_ns(),
			 exchange_member(exchange, "nonce", ""))) {
		refuse(exchange, 403, "the nonce is not ours, too old or used: ask for another");
		return;
	}
	exchange->failed = handle_lost;
	exchange_submit_all(exchange,
			    &(struct store_step)STEP(old_sql, STORE_ANY,
						     store_text(exchange->params[0]),
						     store_int(now - GRACE_NS)),
			    1, handle_old);
}

static void get_nonce(struct exchange *exchange)
{
	char nonce[NONCE_TEXT_BYTES];

	exchange_answer(exchange,
			json_pack("{s:s, s:i}", "nonce",
				  nonces_give(exchange->api->nonces, clock_monotonic_ns(), nonce),
				  "expires_in", (int)(NONCES_LIFE_NS / NS_PER_SEC)));
}

const struct route routes_renewal[] = {
	{ .method = "POST",
	  .operation = "renew_certificate",
	  .pattern = "/api/v1/agents/{agent_id}/certificate",
	  .summary = "Renews an agent's certificate: with the old one, or a proof of its key.",
	  .flags = ROUTE_LIMITED,
	  .max_body_bytes = 128 * KIB,
	  .request = SCHEMA_OBJECT("\"csr\":{\"type\":\"string\",\"maxLength\":32768}"
				   ",\"csr_base64\":{\"type\":\"string\",\"maxLength\":32768}"
				   ",\"nonce\":{\"type\":\"string\",\"maxLength\":64}"
				   ",\"proof\":{\"type\":\"object\"}"),
	  .response = ISSUE_SCHEMA,
	  .example = "{\"csr\":\"\",\"nonce\":\"\",\"proof\":{}}",
	  .handle = post_certificate },
	{ .method = "GET",
	  .operation = "get_renewal_nonce",
	  .pattern = "/api/v1/agents/renewal-nonce",
	  .summary = "A nonce for the proof of an old key; good once, for two minutes.",
	  .flags = ROUTE_LIMITED,
	  .response = SCHEMA_GIVES("\"nonce\",\"expires_in\"",
				   "\"nonce\":" SCHEMA_TEXT ",\"expires_in\":" SCHEMA_COUNT),
	  .handle = get_nonce },
	{ 0 },
};
