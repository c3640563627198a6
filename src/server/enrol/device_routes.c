/* RFC 8628 as its clients speak it, and the decision by a request of an admin. */
#include <string.h>

#include "server/enrol/device.h"
#include "server/enrol/routes.h"
#include "server/enrol/device_client.h"

#define GRANT_TYPE "urn:ietf:params:oauth:grant-type:device_code"

static void handle_waiting(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct device_codes *codes = exchange->data;
	const char *url = exchange->api->config->public_url;
	json_t *answer =
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "device_code", codes->device.text,
			  "user_code", codes->user, "verification_uri",
			  exchange_text(exchange, "%s/device", url), "verification_uri_complete",
			  exchange_text(exchange, "%s/device?user_code=%s", url, codes->user),
			  "expires_in", DEVICE_LIFE_S, "interval", DEVICE_INTERVAL_S);

	http_reply_header(exchange->http, "Cache-Control", "no-store");
	exchange_answer(exchange, answer);
}

static void finish(struct exchange *exchange)
{
	device_codes_finish(exchange->data);
}

static void post_authorize(struct exchange *exchange)
{
	struct device_codes *codes = exchange_alloc(exchange, sizeof(*codes));
	CLEANUP(json) json_t *client = device_client_read(exchange->body);
	const char *scope = json_get_text(client, "scope", "");
	struct store_step step;
	enum role role;

	if (strcmp(scope, "agent") != 0 && !role_from_name(scope, &role)) {
		exchange_refuse(exchange, 400, "invalid_scope",
				"the scope is agent, viewer, responder, approver or admin");
		return;
	}
	device_codes_make(codes, exchange->http->peer->address, client, &step);
	exchange->data = codes;
	exchange->finish = finish;
	exchange_submit_all(exchange, &step, 1, handle_waiting);
}

static void handle_grant(struct exchange *exchange, struct device_grant *grant)
{
	const struct org *org = exchange->caller.org;
	bool is_agent = strcmp(grant->scope, "agent") == 0;

	http_reply_header(exchange->http, "Cache-Control", "no-store");
	exchange_answer(exchange,
			json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "access_token",
				  grant->made.token.text, "token_type", "Bearer", "expires_in",
				  is_agent ? 600 : 90 * 86400, "scope", grant->scope, "org",
				  org->id, "customer_id", org->customer_id));
}

static void refuse_word(struct exchange *exchange, const char *word, const char *sentence)
{
	exchange_answer_other(exchange, 400,
			      json_pack("{s:s, s:s, s:s}", "error", word, "code", word,
					"error_description", sentence));
}

static void handle_refused(struct exchange *exchange, struct device_grant *grant)
{
	refuse_word(exchange, grant->word, "see RFC 8628, section 3.5");
}

static void post_token(struct exchange *exchange)
{
	struct device_grant *grant = exchange_alloc(exchange, sizeof(*grant));

	if (strcmp(exchange_member(exchange, "grant_type", GRANT_TYPE), GRANT_TYPE) != 0) {
		refuse_word(exchange, "unsupported_grant_type", "the grant type is " GRANT_TYPE);
		return;
	}
	grant->then = handle_grant;
	grant->refused = handle_refused;
	device_redeem(exchange, exchange_member(exchange, "device_code", ""), grant);
}

static void handle_decided(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, device_client_describe(result->steps));
}

static void get_code(struct exchange *exchange)
{
	device_decide(exchange, exchange->params[0], DEVICE_LOOK, handle_decided);
}

static void post_confirm(struct exchange *exchange)
{
	bool deny = strcmp(exchange_member(exchange, "decision", "allow"), "deny") == 0;

	device_decide(exchange, exchange_member(exchange, "user_code", ""),
		      deny ? DEVICE_DENY : DEVICE_ALLOW, handle_decided);
}

#define SHORT_TEXT "{\"type\":\"string\",\"maxLength\":256}"
#define DESCRIPTION                                                                \
	SCHEMA_GIVES("\"user_code\",\"state\",\"address\",\"hostname\",\"scope\"", \
		     "\"user_code\":" SCHEMA_TEXT ",\"state\":" SCHEMA_TEXT        \
		     ",\"address\":" SCHEMA_TEXT ",\"hostname\":" SCHEMA_TEXT      \
		     ",\"scope\":" SCHEMA_TEXT ",\"created\":" SCHEMA_TEXT         \
		     ",\"expires\":" SCHEMA_TEXT)

const struct route routes_device[] = {
	{ .method = "POST",
	  .operation = "authorize_device",
	  .pattern = "/api/v1/device/authorize",
	  .summary = "RFC 8628: a pair of codes for a host, or for a person's terminal.",
	  .flags = ROUTE_LIMITED | ROUTE_FORM,
	  .request = SCHEMA_OBJECT("\"client_id\":" SHORT_TEXT ",\"scope\":" SHORT_TEXT
				   ",\"hostname\":" SHORT_TEXT),
	  .response = SCHEMA_GIVES(
		  "\"device_code\",\"user_code\",\"verification_uri\",\"expires_in\",\"interval\"",
		  "\"device_code\":" SCHEMA_TEXT ",\"user_code\":" SCHEMA_TEXT
		  ",\"verification_uri\":" SCHEMA_TEXT ",\"verification_uri_complete\":" SCHEMA_TEXT
		  ",\"expires_in\":" SCHEMA_COUNT ",\"interval\":" SCHEMA_COUNT),
	  .example = "{\"scope\":\"agent\",\"hostname\":\"h\"}",
	  .handle = post_authorize },
	{ .method = "POST",
	  .operation = "get_device_token",
	  .pattern = "/api/v1/device/token",
	  .summary = "RFC 8628: what the code brought, or a word that says why not yet.",
	  .flags = ROUTE_LIMITED | ROUTE_FORM,
	  .request = SCHEMA_GIVES("\"device_code\"",
				  "\"grant_type\":" SHORT_TEXT ",\"device_code\":" SHORT_TEXT
				  ",\"client_id\":" SHORT_TEXT),
	  .response = SCHEMA_GIVES("\"access_token\",\"token_type\",\"expires_in\",\"scope\"",
				   "\"access_token\":" SCHEMA_TEXT ",\"token_type\":" SCHEMA_TEXT
				   ",\"expires_in\":" SCHEMA_COUNT ",\"scope\":" SCHEMA_TEXT
				   ",\"org\":" SCHEMA_TEXT ",\"customer_id\":" SCHEMA_TEXT),
	  .example = "{\"device_code\":\"dev_0\"}",
	  .handle = post_token },
	{ .method = "GET",
	  .operation = "get_device",
	  .pattern = "/api/v1/device/{user_code}",
	  .summary = "Who waits with this code.",
	  .least = ROLE_ADMIN,
	  .response = DESCRIPTION,
	  .handle = get_code },
	{ .method = "POST",
	  .operation = "confirm_device",
	  .pattern = "/api/v1/device/confirm",
	  .summary = "Lets in who waits with this code, or not.",
	  .least = ROLE_ADMIN,
	  .request =
		  SCHEMA_STRICT("\"user_code\"", "\"user_code\":" SHORT_TEXT
						 ",\"decision\":{\"enum\":[\"allow\",\"deny\"]}"),
	  .response = DESCRIPTION,
	  .example = "{\"user_code\":\"ABCD-EFGH\"}",
	  .handle = post_confirm },
	{ 0 },
};
