/* Who asks: a key of a person or program, or the certificate of an agent. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/api/oauth.h"

#define KEY_MIN_BYTES 16
#define KEY_MAX_BYTES 512
#define USED_EVERY_NS (60 * NS_PER_SEC)

static const char key_sql[] = "SELECT org, id, name, role, last_used, expires FROM api_keys "
			      "WHERE hash = $1 AND revoked IS NULL "
			      "AND (expires IS NULL OR expires > $2)";
static const char used_sql[] = "UPDATE api_keys SET last_used = $3 WHERE org = $1 AND id = $2";
/* A static token speaks for the agents that it enrolled. */
static const char static_sql[] =
	"SELECT t.org, a.id, a.id, 'agent', CAST($2 AS BIGINT), t.expires FROM tokens t "
	"JOIN agents a ON a.org = t.org AND a.enrolled_by = 'token/' || t.id "
	"WHERE t.hash = $1 AND t.kind = 'static' AND t.revoked IS NULL "
	"AND (t.expires IS NULL OR t.expires > $2) AND a.id = $3 AND a.revoked IS NULL";
static const char certificate_sql[] = "SELECT a.id, a.name FROM certificates c "
				      "JOIN agents a ON a.org = c.org AND a.id = c.agent "
				      "WHERE c.org = $1 AND c.fingerprint = $2 AND c.agent = $3 "
				      "AND c.revoked IS NULL AND a.revoked IS NULL";

void caller_holds(const char *org, const char *id, char holder[HTTP_HOLDER_BYTES])
{
	text_format(holder, HTTP_HOLDER_BYTES, "%s/%s", org, id);
}

const char *exchange_credential(const struct exchange *exchange)
{
	const char *value = http_request_field(exchange->http, "authorization");

	if (value && strncasecmp(value, "bearer ", 7) == 0)
		return value + 7 + strspn(value + 7, " ");
	return http_request_field(exchange->http, "x-api-key");
}

static bool takes_tokens(const struct exchange *exchange)
{
	return exchange->api->oauth && exchange->entry &&
	       exchange->entry->route->flags & ROUTE_OAUTH;
}

/* RFC 6750, 3 and RFC 9728, 5.1: what is wrong, and where to get what would be right. */
static void challenge(struct exchange *exchange, const char *error)
{
	const struct oauth *oauth = exchange->api->oauth;
	const char *scopes;

	if (!takes_tokens(exchange)) {
		http_reply_header(exchange->http, "WWW-Authenticate", "Bearer");
		return;
	}
	scopes = oauth_scopes(oauth);
	http_reply_header(exchange->http, "WWW-Authenticate",
			  exchange_text(exchange, "Bearer resource_metadata=\"%s\"%s%s%s%s%s%s",
					oauth_metadata_url(oauth), *scopes ? ", scope=\"" : "",
					scopes, *scopes ? "\"" : "", *error ? ", error=\"" : "",
					error, *error ? "\"" : ""));
}

static void refuse(struct exchange *exchange, const char *sentence)
{
	exchange->api->counters.unauthenticated++;
	challenge(exchange, exchange_credential(exchange) ? "invalid_token" : "");
	exchange_refuse(exchange, 401, "unauthenticated", "%s", sentence);
}

static void handle_used(const struct store_result *result UNUSED, const struct error *err UNUSED,
			void *data UNUSED)
{
	/* Only for people to see which keys are in use: a lost one is no harm. */
}

static void note_use(struct exchange *exchange, int64_t last_used)
{
	int64_t now = (int64_t)clock_wall_ns();
	const struct store_step step = STEP(used_sql, STORE_ANY, exchange_org(exchange),
					    store_text(exchange->caller.id), store_int(now));

	if (now - last_used < (int64_t)USED_EVERY_NS)
		return;
	(void)store_submit(exchange->api->store,
			   &(struct store_batch) {
				   .org = exchange->caller.org->id,
				   .steps = &step,
				   .n_steps = 1,
			   },
			   handle_used, NULL);
}

/* What is still to be told when that ends is not. */
static void admit(struct exchange *exchange, uint64_t until_ns)
{
	char holder[HTTP_HOLDER_BYTES];

	caller_holds(exchange->caller.org->id, exchange->caller.id, holder);
	http_request_hold(exchange->http, holder, until_ns);
	exchange->recorded(exchange);
}

/* Monotonic; 0: it has no end. */
static uint64_t end_of(int64_t expires)
{
	int64_t left = expires - (int64_t)clock_wall_ns();

	return expires ? clock_monotonic_ns() + (uint64_t)(left > 0 ? left : 0) : 0;
}

static void handle_key(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;
	struct caller *caller = &exchange->caller;
	const char *role = rows->n_rows ? store_text_at(rows, 0, 3) : "";

	if (rows->n_rows)
		caller->org = orgs_find(exchange->api->orgs, store_text_at(rows, 0, 0));
	if (!caller->org) {
		refuse(exchange, "this key is unknown, revoked or expired");
		return;
	}
	text_format(caller->id, sizeof(caller->id), "%s", store_text_at(rows, 0, 1));
	text_format(caller->name, sizeof(caller->name), "%s", store_text_at(rows, 0, 2));
	note_use(exchange, store_int_at(rows, 0, 4));
	if (role_from_name(role, &caller->role)) {
		admit(exchange, end_of(store_int_at(rows, 0, 5)));
		return;
	}
	/* The key that a host brought along when it enrolled: its name is the agent. */
	caller->role = ROLE_AGENT;
	text_format(caller->id, sizeof(caller->id), "%s", caller->name);
	exchange->recorded(exchange);
}

static void find_key(struct exchange *exchange, const char *key)
{
	char hash[TOKEN_HASH_BYTES];
	const char *agent = http_request_field(exchange->http, "x-agent-id");
	size_t len = strlen(key);

	if (len < KEY_MIN_BYTES || len > KEY_MAX_BYTES) {
		refuse(exchange, "this is no key");
		return;
	}
	(void)token_hash(key, len, hash);
	const struct store_step steps[] = {
		STEP(key_sql, STORE_ANY, store_text(hash), exchange_now()),
		STEP(static_sql, STORE_ANY, store_text(hash), exchange_now(), store_text(agent)),
	};
	bool is_static = agent && token_is(TOKEN_STATIC, key, len);

	exchange_ask(exchange, STORE_EVERY_ORG, is_static ? &steps[1] : &steps[0], 1, handle_key);
}

static void handle_certificate(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = result->steps;

	if (rows->n_rows == 0) {
		refuse(exchange, "this certificate is unknown or revoked");
		return;
	}
	exchange->caller.role = ROLE_AGENT;
	text_format(exchange->caller.id, sizeof(exchange->caller.id), "%s",
		    store_text_at(rows, 0, 0));
	text_format(exchange->caller.name, sizeof(exchange->caller.name), "%s",
		    store_text_at(rows, 0, 1));
	exchange->recorded(exchange);
}

static void find_certificate(struct exchange *exchange, X509 *certificate)
{
	char fingerprint[CERTIFICATE_FINGERPRINT_BYTES];
	struct certificate_agent agent;
	enum certificate_verdict verdict;
	struct org *org =
		orgs_identify(exchange->api->orgs, certificate, clock_wall_ns(), &verdict, &agent);

	if (!org || verdict != CERTIFICATE_VALID) {
		refuse(exchange, org ? "this certificate has expired: renew it"
				     : "this certificate is of no org of this server");
		return;
	}
	exchange->caller.org = org;
	(void)certificate_fingerprint(certificate, fingerprint);
	exchange_ask(exchange, exchange->caller.org->id,
		     &(struct store_step)STEP(certificate_sql, STORE_ANY, exchange_org(exchange),
					      store_text(fingerprint), store_text(agent.agent)),
		     1, handle_certificate);
}

/* --- an access token of the OAuth issuer -------------------------------------------------- */

static void find_subject(struct exchange *exchange);

static void handle_newer_keys(void *data)
{
	find_subject(data);
}

static void find_subject(struct exchange *exchange)
{
	const char *token = exchange_credential(exchange);
	struct oauth *oauth = exchange->api->oauth;
	struct error err = { 0 };
	int r = oauth_identify(oauth, exchange->api->orgs, (struct str) { token, strlen(token) },
			       &exchange->caller, &err);

	if (r == 0) {
		admit(exchange, exchange->caller.until_ns);
	} else if (r == -EAGAIN) {
		if (!oauth_wait(oauth, handle_newer_keys, exchange)) {
			/* It may be a good one: no client is to throw it away. */
			http_reply_header(exchange->http, "Retry-After", "10");
			exchange_refuse(exchange, 503, NULL,
					"too many wait for the issuer's keys; ask again");
		}
	} else if (r == -EPERM) {
		exchange->api->counters.forbidden++;
		challenge(exchange, "insufficient_scope");
		exchange_refuse(exchange, 403, "forbidden", "%s", err.text);
	} else {
		refuse(exchange, err.text);
	}
}

void exchange_authenticate_key(struct exchange *exchange, const char *key,
			       void (*then)(struct exchange *exchange))
{
	exchange->recorded = then;
	find_key(exchange, key);
}

void exchange_authenticate(struct exchange *exchange, void (*then)(struct exchange *exchange))
{
	const char *key = exchange_credential(exchange);

	exchange->recorded = then;
	if (key && takes_tokens(exchange) && access_token_is(key, strlen(key)))
		find_subject(exchange);
	else if (key)
		find_key(exchange, key);
	else if (exchange->http->peer->certificate)
		find_certificate(exchange, exchange->http->peer->certificate);
	else
		refuse(exchange, "give a key as 'Authorization: Bearer KEY', or a certificate");
}
