/* A login begins, and ends: what the person does who has the key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/mcp/login.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/secret.h"

#define URL_BYTES 1024

static const char one_sql[] =
	"SELECT " MCP_SERVER_COLUMNS " FROM mcp_servers WHERE org = $1 AND id = $2";

/* --- the beginning ----------------------------------------------------------------------- */

static void handle_pending(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct mcp_login *login = exchange->data;
	const json_t *pending = json_object_get(login->secret, "login");
	const json_t *grant = json_object_get(pending, "grant");
	char until[CLOCK_TEXT_BYTES];
	json_t *answer = json_pack(
		"{s:O, s:s, s:O, s:O}", "url", json_object_get(pending, "url"), "until",
		clock_format((uint64_t)json_get_int(pending, "until", 0), until), "issuer",
		json_object_get(grant, "issuer"), "scope", json_object_get(grant, "scope"));

	mcp_login_free(login);
	exchange_answer(exchange, answer);
}

static void handle_prepared(json_t *said, const struct error *err, void *data)
{
	struct mcp_login *login = data;
	struct exchange *exchange = login->exchange;
	struct store_step audit;

	login->errand = NULL;
	mcp_listing_cancel(TAKE(login->listing)); /* from here on it is not for that to end it */
	if (err) {
		mcp_login_free(login);
		exchange_refuse(exchange, err->code == -ETIMEDOUT ? 504 : 502, NULL, "%s",
				err->text);
		return;
	}
	json_put(said, "by", json_string(exchange_actor(exchange)));
	json_put(said, "until", json_integer((json_int_t)(clock_wall_ns() + MCP_LOGIN_NS)));
	json_put(login->secret, "login", said);
	(void)json_object_del(login->secret, "given");
	audit = exchange_audit(
		exchange, "mcp-server.login", login->server->id,
		json_pack("{s:s, s:O}", "name", login->server->name, "issuer",
			  json_object_get(json_object_get(said, "grant"), "issuer")));
	mcp_login_keep(login, &audit, handle_pending);
}

/* The first request has none, to be told why; that is what was wanted. */
static void handle_want(const struct oauth_challenge *challenge, void *data)
{
	struct mcp_login *login = data;
	const char *base = login->exchange->api->config->public_url;
	const char *id = json_get_text(login->secret, "client_id", NULL);
	char redirect[URL_BYTES], document[URL_BYTES];

	if (!challenge) {
		mcp_client_give_token(login->client, NULL, NULL);
		return;
	}
	text_format(redirect, sizeof(redirect), "%s" MCP_LOGIN_CALLBACK "%s", base,
		    login->server->id);
	text_format(document, sizeof(document), "%s" MCP_LOGIN_DOCUMENT "%s", base,
		    login->server->id);
	login->errand = oauth_prepare(
		&login->reach,
		&(struct oauth_self) {
			.redirect_uri = redirect,
			.name = "Constable",
			.document = document,
			.client_id = id,
			.client_secret = json_get_text(login->secret, "client_secret", NULL),
			.issuer = json_get_text(login->secret, "issuer", NULL),
		},
		login->server->url, challenge, json_object_get(login->secret, "grant"),
		handle_prepared, login);
}

static void handle_over(void *data)
{
	struct mcp_login *login = data;

	login->client = NULL;
	mcp_login_free(login);
}

/* It was not asked for a token, or in vain. */
static void handle_listed(const json_t *tools UNUSED, const json_t *left_out UNUSED,
			  const struct error *err, void *data)
{
	struct mcp_login *login = data;
	struct exchange *exchange = TAKE(login->exchange);

	login->listing = NULL;
	oauth_cancel(TAKE(login->errand));
	mcp_client_end(login->client, handle_over, login);
	if (err)
		exchange_refuse(exchange, err->code == -ETIMEDOUT ? 504 : 502, NULL, "%s",
				err->text);
	else
		exchange_refuse(exchange, 409, NULL, "it wants nobody to log in");
}

static void begin(struct exchange *exchange, const struct store_result *result)
{
	struct mcp_login *login =
		mcp_login_new(exchange, exchange->caller.org->id, &result->steps[0], 0);
	struct error err = { 0 };

	if (!login)
		return;
	if (mcp_secret_is_given(login->secret)) {
		mcp_login_free(login);
		exchange_refuse(exchange, 409, NULL, "it has a secret already; set another one");
		return;
	}
	login->client = mcp_client_new(
		&(struct mcp_client_config) {
			.base = login->reach.base,
			.courier = login->reach.courier,
			.url = login->server->url,
			.version = login->server->protocol,
			.want_token = handle_want,
			.token_data = login,
			.ca_pem = login->reach.ca_pem,
			.schemes = COURIER_HTTPS_ONLY,
			.networks = login->reach.networks,
			.connect_ns = login->server->call_ns,
		},
		&err);
	if (!login->client) {
		mcp_login_free(login);
		exchange_refuse(exchange, 502, NULL, "%s", err.text);
		return;
	}
	login->listing = mcp_listing_start(login->client, MCP_SERVER_LIST_NS, handle_listed, login);
}

void mcp_serve_login(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, begin);
}

/* --- the end ----------------------------------------------------------------------------- */

static void handle_confirmed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct mcp_login *login = exchange->data;
	const json_t *grant = json_object_get(login->secret, "grant");
	json_t *answer = json_pack("{s:O, s:O}", "issuer", json_object_get(grant, "issuer"),
				   "scope", json_object_get(grant, "scope"));

	mcp_login_free(login);
	exchange_answer(exchange, answer);
}

static void handle_wrong(struct exchange *exchange, const struct store_result *result UNUSED)
{
	mcp_login_free(exchange->data);
	exchange_refuse(exchange, 403, NULL, "that is not the code: begin again");
}

static bool is_code(struct exchange *exchange, const json_t *given)
{
	const char *said = exchange_member(exchange, "code", "");
	const char *wanted = json_get_text(given, "code", "");
	char code[USER_CODE_BYTES];

	return user_code_read(said, strlen(said), code) && *wanted &&
	       token_equal(code, strlen(code), wanted, strlen(wanted)) &&
	       strcmp(json_get_text(given, "by", ""), exchange_actor(exchange)) == 0;
}

/* One try: who did not see the page has to begin again, and somebody else to open the URL again. */
static void confirm(struct exchange *exchange, const struct store_result *result)
{
	struct mcp_login *login =
		mcp_login_new(exchange, exchange->caller.org->id, &result->steps[0], 0);
	CLEANUP(json) json_t *given = NULL;
	struct store_step audit;

	if (!login)
		return;
	if (!mcp_secret_has(login->secret, "given", clock_wall_ns())) {
		mcp_login_free(login);
		exchange_refuse(exchange, 409, NULL, "nobody has logged in yet, or it is over");
		return;
	}
	given = json_incref(json_object_get(login->secret, "given"));
	(void)json_object_del(login->secret, "given");
	if (!is_code(exchange, given)) {
		mcp_login_keep(login, NULL, handle_wrong);
		return;
	}
	json_put(login->secret, "grant", json_incref(json_object_get(given, "grant")));
	audit = exchange_audit(
		exchange, "mcp-server.logged-in", login->server->id,
		json_pack("{s:s, s:O}", "name", login->server->name, "issuer",
			  json_object_get(json_object_get(given, "grant"), "issuer")));
	mcp_login_keep(login, &audit, handle_confirmed);
}

void mcp_serve_confirm(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, confirm);
}
