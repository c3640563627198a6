#include "server/mcp/login.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/routes.h"
#include "server/mcp/secret.h"

void mcp_login_free(struct mcp_login *login)
{
	*login->link = login->next;
	if (login->next)
		login->next->link = login->link;
	if (login->listing)
		mcp_listing_cancel(login->listing);
	mcp_client_free(login->client);
	oauth_cancel(login->errand);
	mcp_server_free(login->server);
	oauth_forget(login->secret);
	oauth_forget(login->pending);
	free(login);
}

void mcp_logins_drop(struct mcp_servers *servers)
{
	while (servers->logins) {
		if (servers->logins->exchange)
			exchange_refuse(servers->logins->exchange, 503, NULL,
					"the server is about to end");
		mcp_login_free(servers->logins);
	}
}

struct mcp_login *mcp_login_new(struct exchange *exchange, const char *org,
				const struct store_rows *rows, unsigned row)
{
	struct mcp_servers *servers = exchange->api->mcp_servers;
	const struct mcp_servers_config *config = &servers->config;
	struct mcp_server *server = mcp_server_read(rows, row);
	struct error err = { 0 };
	json_t *secret = mcp_secret_open(servers, org, server->id, server->sealed, &err);
	struct mcp_login *login;

	if (!secret) {
		mcp_server_free(server);
		exchange_fail(exchange, &err);
		return NULL;
	}
	login = calloc(1, sizeof(*login));
	if (!login)
		abort();
	*login = (struct mcp_login) {
		.next = servers->logins,
		.link = &servers->logins,
		.servers = servers,
		.exchange = exchange,
		.server = server,
		.secret = secret,
		.reach = { config->base, config->courier, config->ca_pem, COURIER_HTTPS_ONLY,
			   config->networks, json_get_text(secret, "issuer", NULL) },
	};
	text_copy(login->org, sizeof(login->org), org);
	if (login->next)
		login->next->link = &login->next;
	servers->logins = login;
	exchange->data = login;
	return login;
}

/* It is answered after this, so nothing is dropped in the middle. */
static void handle_not_kept(struct exchange *exchange, const struct error *err)
{
	mcp_login_free(exchange->data);
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL,
				"somebody else has changed it meanwhile: begin again");
	else
		exchange_fail(exchange, err);
}

void mcp_login_keep(struct mcp_login *login, const struct store_step *audit, exchange_done *done)
{
	CLEANUP(mcp_sealed) struct mcp_sealed sealed = { 0 };
	struct exchange *exchange = login->exchange;
	struct store_step steps[2];
	char *before = login->server->sealed;
	struct error err = { 0 };

	if (mcp_secret_seal(login->servers, login->org, login->server->id, login->secret, &sealed,
			    &err) < 0) {
		mcp_login_free(login);
		exchange_refuse(exchange, 502, NULL, "%s", err.text);
		return;
	}
	login->server->sealed = TAKE(sealed.text);
	const struct store_value params[] = { store_text(login->org), store_text(login->server->id),
					      store_text(sealed.names),
					      store_text(login->server->sealed),
					      store_text(before) };
	steps[0] =
		(struct store_step) { mcp_secret_swap_sql, params, ARRAY_LEN(params), STORE_SOME };
	if (audit)
		steps[1] = *audit;
	exchange->failed = handle_not_kept;
	if (exchange->caller.org)
		exchange_submit(exchange, steps, audit ? 2 : 1, done);
	else
		exchange_submit_all(exchange, steps, audit ? 2 : 1, done);
	free(before);
}

#define BEGUN                                                                              \
	SCHEMA_GIVES("\"url\",\"until\"", "\"url\":" SCHEMA_TEXT ",\"until\":" SCHEMA_TEXT \
					  ",\"issuer\":" SCHEMA_TEXT ",\"scope\":" SCHEMA_TEXT)
#define CONFIRMED \
	SCHEMA_GIVES("\"issuer\",\"scope\"", "\"issuer\":" SCHEMA_TEXT ",\"scope\":" SCHEMA_TEXT)
#define CODE "{\"type\":\"string\",\"minLength\":8,\"maxLength\":16}"

const struct route routes_mcp_logins[] = {
	{ .method = "POST",
	  .operation = "begin_mcp_server_login",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}/login",
	  .summary = "Finds out where to log in for an MCP server, and gives the URL to open.",
	  .least = ROLE_ADMIN,
	  .response = BEGUN,
	  .handle = mcp_serve_login },
	{ .method = "POST",
	  .operation = "confirm_mcp_server_login",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}/login/confirm",
	  .summary = "Who began a login says the code that the page after it shows; once.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"code\"", "\"code\":" CODE),
	  .response = CONFIRMED,
	  .example = "{\"code\":\"ABCD-EFGH\"}",
	  .handle = mcp_serve_confirm },
	{ .method = "GET",
	  .operation = "end_mcp_server_login",
	  .pattern = MCP_LOGIN_CALLBACK "{mcp_server_id}",
	  .summary = "Where an authorization server sends back to; shows the code to be said.",
	  .flags = ROUTE_LIMITED,
	  .type = "text/html",
	  .handle = mcp_serve_callback },
	{ .method = "GET",
	  .operation = "get_mcp_client_document",
	  .pattern = MCP_LOGIN_DOCUMENT "{mcp_server_id}",
	  .summary = "What we are to issuers for an MCP server: a Client ID Metadata Document.",
	  .flags = ROUTE_LIMITED,
	  .response = SCHEMA_GIVES("\"client_id\",\"client_name\",\"redirect_uris\"",
				   "\"client_id\":" SCHEMA_TEXT ",\"client_name\":" SCHEMA_TEXT
				   ",\"redirect_uris\":" SCHEMA_TEXTS),
	  .handle = mcp_serve_document },
	{ 0 },
};
