#include "server/mcp/mcp_server.h"

#include <stdlib.h>
#include <string.h>

#include "mcp_client/oauth/oauth.h"
#include "server/mcp/keeper.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/secret.h"

#define BEARER_BYTES (8 * KIB)

const char mcp_servers_sql[] =
	"SELECT " MCP_SERVER_COLUMNS " FROM mcp_servers WHERE org = $1 AND enabled = 1 AND "
	"CAST($2 AS TEXT) <> 'builtin' ORDER BY name LIMIT 16";

struct mcp_servers *mcp_servers_new(const struct mcp_servers_config *config)
{
	struct mcp_servers *servers = calloc(1, sizeof(*servers));

	if (!servers)
		abort();
	servers->config = *config;
	return servers;
}

static void forget(struct mcp_farewell *farewell)
{
	*farewell->link = farewell->next;
	if (farewell->next)
		farewell->next->link = farewell->link;
	free(farewell);
}

static void handle_left(void *data)
{
	forget(data);
}

void mcp_server_leave(struct mcp_servers *servers, struct mcp_client *client)
{
	struct mcp_farewell *farewell = malloc(sizeof(*farewell));

	if (!farewell)
		abort();
	*farewell = (struct mcp_farewell) { servers->farewells, &servers->farewells, client };
	if (farewell->next)
		farewell->next->link = &farewell->next;
	servers->farewells = farewell;
	mcp_client_end(client, handle_left, farewell);
}

void mcp_servers_free(struct mcp_servers *servers)
{
	if (!servers)
		return;
	mcp_trials_drop(servers);
	mcp_logins_drop(servers);
	while (servers->farewells) {
		mcp_client_free(servers->farewells->client);
		forget(servers->farewells);
	}
	mcp_keepers_drop(servers);
	free(servers);
}

const struct mcp_servers_config *mcp_servers_config(const struct mcp_servers *servers)
{
	return &servers->config;
}

static char *copy(const char *text)
{
	char *copied = strdup(text);

	if (!copied)
		abort();
	return copied;
}

struct mcp_server *mcp_server_read(const struct store_rows *rows, unsigned row)
{
	struct mcp_server *server = calloc(1, sizeof(*server));

	if (!server)
		abort();
	text_copy(server->id, sizeof(server->id), store_text_at(rows, row, 0));
	text_copy(server->name, sizeof(server->name), store_text_at(rows, row, 1));
	server->url = copy(store_text_at(rows, row, 2));
	if (store_at(rows, row, 3)->kind == STORE_TEXT)
		server->protocol = copy(store_text_at(rows, row, 3));
	server->call_ns = (uint64_t)store_int_at(rows, row, 4) * NS_PER_SEC;
	server->max_bytes = (size_t)store_int_at(rows, row, 5) * KIB;
	server->calls = (unsigned)store_int_at(rows, row, 6);
	server->policy = json_loads(store_text_at(rows, row, 7), 0, NULL);
	server->sealed = copy(store_text_at(rows, row, 8));
	server->changed = store_int_at(rows, row, 9);
	return server;
}

void mcp_server_free(struct mcp_server *server)
{
	if (!server)
		return;
	free(server->url);
	free(server->protocol);
	free(server->sealed);
	json_decref(server->policy);
	free(server);
}

void mcp_server_cleanup(struct mcp_server **server)
{
	mcp_server_free(*server);
}

/* As server/mcp/wish.c lets it be, or nothing. */
static struct mcp_client *connect_with(const struct mcp_servers *servers,
				       const struct mcp_server *server, const json_t *secret,
				       struct mcp_keeper *keeper, struct error *err)
{
	char bearer[BEARER_BYTES];
	const char *token = json_get_text(secret, "token", NULL);
	const struct courier_header header = {
		.name = token ? "Authorization" : json_get_text(secret, "header", ""),
		.value = token ? bearer : json_get_text(secret, "value", ""),
	};
	struct mcp_client *client;

	text_format(bearer, sizeof(bearer), "Bearer %s", token ? token : "");
	client = mcp_client_new(
		&(struct mcp_client_config) {
			.base = servers->config.base,
			.courier = servers->config.courier,
			.url = server->url,
			.version = server->protocol,
			.secrets = &header,
			.n_secrets = *header.name ? 1 : 0,
			.grant = { json_get_text(secret, "token_url", NULL),
				   json_get_text(secret, "client_id", ""),
				   json_get_text(secret, "client_secret", ""),
				   json_get_text(secret, "scope", "") },
			.want_token = keeper ? mcp_keeper_want : NULL,
			.drop_tokens = keeper ? mcp_keeper_drop : NULL,
			.token_data = keeper,
			.ca_pem = servers->config.ca_pem,
			.schemes = COURIER_HTTPS_ONLY,
			.networks = servers->config.networks,
			.max_bytes = server->max_bytes,
			.connect_ns = server->call_ns,
		},
		err);
	explicit_bzero(bearer, sizeof(bearer));
	return client;
}

struct mcp_client *mcp_server_connect(struct mcp_servers *servers, const char *org,
				      const struct mcp_server *server, struct error *err)
{
	json_t *secret = mcp_secret_open(servers, org, server->id, server->sealed, err);
	struct mcp_keeper *keeper = NULL;
	struct mcp_client *client;

	if (!secret)
		return NULL;
	if (!mcp_secret_is_given(secret))
		keeper = mcp_keeper_new(servers, org, server, json_incref(secret));
	client = connect_with(servers, server, secret, keeper, err);
	oauth_forget(secret);
	if (keeper && client)
		mcp_keeper_serve(keeper, client);
	else if (keeper)
		mcp_keeper_drop(keeper);
	return client;
}

enum mcp_use mcp_server_use(const json_t *policy, const json_t *tool)
{
	const json_t *entry = json_object_get(policy, json_get_text(tool, "name", ""));
	const char *use = json_get_text(entry, "use", "ask");
	const char *pin = json_get_text(entry, "sha256", "");

	if (strcmp(use, "deny") == 0)
		return MCP_DENY;
	if (strcmp(use, "allow") != 0)
		return MCP_ASK;
	return strcmp(pin, json_get_text(tool, "sha256", "?")) == 0 ? MCP_ALLOW : MCP_CHANGED;
}

const char *mcp_use_name(enum mcp_use use)
{
	static const char *const names[] = {
		[MCP_ASK] = "ask",
		[MCP_CHANGED] = "changed",
		[MCP_ALLOW] = "allow",
		[MCP_DENY] = "deny",
	};

	return names[use];
}
