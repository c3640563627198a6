/* What the parts of this folder share. */
#pragma once

#include "server/mcp/mcp_server.h"

#define MCP_SERVER_SEAL "mcp-server/%s" /* where its secret opens (org/vault.h) */

struct mcp_keeper;
struct mcp_login;
struct mcp_trial;

/* A client that ends. */
struct mcp_farewell {
	struct mcp_farewell *next, **link;
	struct mcp_client *client;
};

struct mcp_servers {
	struct mcp_servers_config config;
	struct mcp_trial *trials;   /* under way */
	struct mcp_login *logins;   /* the same */
	struct mcp_keeper *keepers; /* of tokens */
	struct mcp_farewell *farewells;
};

/* serve_trial.c: who waits for one is answered. */
void mcp_trials_drop(struct mcp_servers *servers);
/* login.c: the same. */
void mcp_logins_drop(struct mcp_servers *servers);

struct exchange;
/* POST /api/v1/mcp-servers/{mcp_server_id}/test */
void mcp_serve_trial(struct exchange *exchange);
