/*
 * A person logs in at the authorization server of an MCP server.
 *
 * He who begins gets a URL, opens it, and is sent back to the callback of that MCP server: it
 * belongs to no session, as a browser has none here, but to the login whose 'state' it brings,
 * once. What comes of that does not count yet. The page shows a code, and who began says it with
 * his key: so nobody can have another one log in for him, whom he only sent a link.
 *
 * Nothing of it is kept but in what is sealed of the MCP server (secret.h), so any server of a
 * database can go on. A newer login takes the place of an older one.
 */
#pragma once

#include "mcp_client/oauth/oauth.h"
#include "server/api/exchange.h"
#include "server/mcp/mcp_server.h"

#define MCP_LOGIN_NS (10 * 60 * NS_PER_SEC) /* to log in, and again to say the code */
/* A way back for each MCP server: an issuer that says no 'iss' sends to that of its own alone. */
#define MCP_LOGIN_CALLBACK "/api/v1/mcp-servers/oauth/callback/"
#define MCP_LOGIN_DOCUMENT "/api/v1/mcp-servers/oauth/client/"

/* One that waits for others; on it hang who waits and what was read. */
struct mcp_login {
	struct mcp_login *next, **link;
	struct mcp_servers *servers;
	struct exchange *exchange;
	char org[64];
	struct mcp_server *server;
	json_t *secret;  /* as it was read, and then as it is to be stored */
	json_t *pending; /* that was taken out of it */
	struct mcp_client *client;
	struct mcp_listing *listing;
	struct oauth_errand *errand;
	struct oauth_reach reach;
};

/* Reads a row of 'org': columns of MCP_SERVER_COLUMNS. NULL: it is refused. */
struct mcp_login *mcp_login_new(struct exchange *exchange, const char *org,
				const struct store_rows *rows, unsigned row);
void mcp_login_free(struct mcp_login *login);

/*
 * Stores the secret in the place of what was read, with 'audit' or NULL, then 'done'. Else it is
 * refused, and the login free: 409 where somebody else was faster, 502 where it is too long.
 */
void mcp_login_keep(struct mcp_login *login, const struct store_step *audit, exchange_done *done);

/* serve_login.c, serve_callback.c */
void mcp_serve_login(struct exchange *exchange);
void mcp_serve_confirm(struct exchange *exchange);
void mcp_serve_callback(struct exchange *exchange);
void mcp_serve_document(struct exchange *exchange);
