/*
 * What strangers may ask of logins: the way back from an authorization server, which is a page for
 * a person, and what we are to such a server.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "report/escape.h"
#include "server/mcp/login.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/secret.h"

#define PAGE_MAX_BYTES (16 * KIB)
#define SHOWN_BYTES 512
#define ID_BYTES 64

/* Found by the path alone, across all orgs; an id is random. */
static const char find_sql[] =
	"SELECT " MCP_SERVER_COLUMNS ", org FROM mcp_servers WHERE id = $1 LIMIT 2";

enum {
	AT_ORG = MCP_SERVER_N_COLUMNS
};

static const char head[] =
	"<!doctype html><html lang=en><meta charset=utf-8>"
	"<meta name=viewport content=\"width=device-width\"><title>Constable: a login</title>"
	"<style>body{font:16px sans-serif;max-width:32em;margin:3em auto;padding:0 1em}"
	"b{font:bold 1.5em monospace}</style><h1>A login</h1><p>";

static void show(struct exchange *exchange, unsigned status, const char *sentence, const char *code)
{
	struct http_request *http = exchange->http;
	CLEANUP(buf) struct buf page = { 0 };

	buf_init(&page, PAGE_MAX_BYTES);
	buf_add_text(&page, head);
	escape_html(&page, sentence, SHOWN_BYTES);
	if (code)
		buf_add_format(&page,
			       "<p><b>%s</b><p>Say it only to the command that you have started "
			       "yourself: who sent you here to log in for him, does not get it.",
			       code);
	buf_add_text(&page, "</html>");
	http_reply_header(http, "Cache-Control", "no-store");
	http_reply_header(http, "Content-Security-Policy",
			  "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
			  "base-uri 'none'");
	http_reply_header(http, "X-Frame-Options", "DENY");
	http_reply_header(http, "X-Content-Type-Options", "nosniff");
	http_reply_header(http, "Referrer-Policy", "no-referrer");
	exchange_answer_text(exchange, status, "text/html; charset=utf-8", buf_text(&page));
}

static void show_unknown(struct exchange *exchange)
{
	show(exchange, 400, "This login is not known here, or it is over.", NULL);
}

static void handle_given(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct mcp_login *login = exchange->data;
	const char *code = json_get_text(json_object_get(login->secret, "given"), "code", "");
	const char *kept = exchange_text(exchange, "%s", code);

	mcp_login_free(login);
	show(exchange, 200,
	     "You are logged in. To have it count, type this code where you began:", kept);
}

static void refuse_login(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct mcp_login *login = exchange->data;

	mcp_login_free(login);
	show(exchange, 400,
	     "Nobody is logged in: the authorization server does not know this client any more. "
	     "Begin again.",
	     NULL);
}

static void handle_grant(json_t *grant, const struct error *err, void *data)
{
	struct mcp_login *login = data;
	struct exchange *exchange = login->exchange;
	char code[USER_CODE_BYTES];

	login->errand = NULL;
	if (err) {
		const char *why = exchange_text(exchange, "Nobody is logged in: %s.", err->text);

		/* The next login is that of another client. */
		if (err->code == -EKEYREVOKED &&
		    json_object_del(json_object_get(login->secret, "grant"), "client") == 0) {
			mcp_login_keep(login, NULL, refuse_login);
			return;
		}
		mcp_login_free(login);
		show(exchange, 400, why, NULL);
		return;
	}
	json_put(login->secret, "given",
		 json_pack("{s:o, s:s, s:O, s:I}", "grant", grant, "code", user_code_make(code),
			   "by", json_object_get(login->pending, "by"), "until",
			   (json_int_t)(clock_wall_ns() + MCP_LOGIN_NS)));
	mcp_login_keep(login, NULL, handle_given);
}

static const char *query_of(const struct exchange *exchange)
{
	const char *query = strchr(exchange->http->target, '?');

	return query ? query + 1 : "";
}

/* From here on it is over, whatever comes. */
static void handle_taken(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct mcp_login *login = exchange->data;

	login->errand = oauth_redeem(&login->reach, login->pending, query_of(exchange),
				     handle_grant, login);
}

static bool is_state(struct exchange *exchange, const struct mcp_login *login)
{
	const char *said = http_request_query(exchange->http, "state");
	const char *wanted = json_get_text(json_object_get(login->secret, "login"), "state", "");

	return said && *wanted && token_equal(said, strlen(said), wanted, strlen(wanted));
}

static void take(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = &result->steps[0];
	struct mcp_login *login;

	if (rows->n_rows != 1) {
		show_unknown(exchange);
		return;
	}
	login = mcp_login_new(exchange, store_text_at(rows, 0, AT_ORG), rows, 0);
	if (!login)
		return;
	if (!mcp_secret_has(login->secret, "login", clock_wall_ns()) ||
	    !is_state(exchange, login)) {
		mcp_login_free(login);
		show_unknown(exchange);
		return;
	}
	login->pending = json_incref(json_object_get(login->secret, "login"));
	(void)json_object_del(login->secret, "login");
	mcp_login_keep(login, NULL, handle_taken);
}

void mcp_serve_callback(struct exchange *exchange)
{
	exchange_submit_all(
		exchange,
		&(struct store_step)STEP(find_sql, STORE_ANY, store_text(exchange->params[0])), 1,
		take);
}

/* Nothing is looked up: it is the same for whatever may be an id. */
static bool may_be_id(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

	return n > 0 && n < ID_BYTES && !text[n];
}

void mcp_serve_document(struct exchange *exchange)
{
	const char *base = exchange->api->config->public_url, *id = exchange->params[0];

	if (!may_be_id(id)) {
		exchange_refuse(exchange, 404, NULL, "there is no such thing here");
		return;
	}
	exchange_answer(exchange,
			json_pack("{s:s, s:s, s:s, s:[s], s:[s, s], s:[s], s:s, s:s}", "client_id",
				  exchange_text(exchange, "%s" MCP_LOGIN_DOCUMENT "%s", base, id),
				  "client_name", "Constable", "client_uri", base, "redirect_uris",
				  exchange_text(exchange, "%s" MCP_LOGIN_CALLBACK "%s", base, id),
				  "grant_types", "authorization_code", "refresh_token",
				  "response_types", "code", "token_endpoint_auth_method", "none",
				  "application_type", "web"));
}
