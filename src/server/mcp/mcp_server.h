/*
 * MCP servers of others, which an org has added for its investigations.
 *
 * They are not trusted. A tool of theirs runs only after a person has approved exactly that call,
 * unless somebody has allowed that tool: then it is pinned by the SHA-256 of what a model reads of
 * it (mcp_client/listing.h). What the server says of it anew, be it one letter, ends that. What a
 * server claims of its tools, such as readOnlyHint, counts for nothing.
 *
 * https alone, to public addresses or those of the configured networks. The secret, a bearer token,
 * a header, or what a token is got with (OAuth, see secret.h), is sealed (org/vault.h) and leaves
 * the server only to that URL, or to where tokens are had for it.
 */
#pragma once

#include "mcp_client/listing.h"
#include "server/store/store.h"

#define MCP_SERVERS_MAX 16 /* of an org */
#define MCP_SERVER_NAME_MAX_BYTES 24
#define MCP_SERVER_CALL_S 20 /* of one call, with its connection; at most 30 */
#define MCP_SERVER_MAX_KB 256
#define MCP_SERVER_CALLS 20 /* of one investigation */
#define MCP_SERVER_LIST_NS (10 * NS_PER_SEC)

struct vault;

/* Borrowed. */
struct mcp_servers_config {
	struct event_base *base;
	struct store *store;
	struct vault *vault;
	struct courier *courier;
	const char *networks; /* private ones that servers may lie in; or NULL */
	const char *ca_pem;   /* what to trust in place of the system's CAs, or NULL */
	/* One of an org's was changed or removed here: its investigations are to know. Or NULL. */
	void (*changed)(const char *org, void *data);
	void *data;
};

struct mcp_servers;
struct mcp_servers *mcp_servers_new(const struct mcp_servers_config *config);
/* Ends what is under way, so before the courier and the connections go. */
void mcp_servers_free(struct mcp_servers *servers);
/* Whether a token is being refreshed, which would be lost if the process ended now. */
bool mcp_servers_are_busy(const struct mcp_servers *servers);
const struct mcp_servers_config *mcp_servers_config(const struct mcp_servers *servers);

/* What an org has added: a row of the store. */
struct mcp_server {
	char id[64], name[MCP_SERVER_NAME_MAX_BYTES + 1];
	char *url, *protocol; /* the latter may be NULL */
	json_t *policy;
	uint64_t call_ns;
	size_t max_bytes;
	unsigned calls;
	char *sealed;
	int64_t changed;
};

#define MCP_SERVER_COLUMNS "id, name, url, protocol, call_s, max_kb, calls, policy, sealed, changed"
#define MCP_SERVER_N_COLUMNS 10
/* Those that are enabled, of the org $1, where the engine $2 is a model. */
extern const char mcp_servers_sql[];

/* The notice (store/batch.h) of who changed or removed one. */
#define MCP_SERVERS_NOTICE "[\"mcp-servers\",\"\",\"\",\"\",\"\"]"

struct mcp_server *mcp_server_read(const struct store_rows *rows, unsigned row);
void mcp_server_free(struct mcp_server *server);
void mcp_server_cleanup(struct mcp_server **server);

/* NULL with 'err': its secret cannot be unsealed here, or its URL is none. */
struct mcp_client *mcp_server_connect(struct mcp_servers *servers, const char *org,
				      const struct mcp_server *server, struct error *err);

/* The client is not needed any more: its session is ended. */
void mcp_server_leave(struct mcp_servers *servers, struct mcp_client *client);

/* What a tool of a listing may do. */
enum mcp_use {
	MCP_ASK,     /* a person approves each call */
	MCP_CHANGED, /* the same: it was allowed as it was then, and is another one now */
	MCP_ALLOW,
	MCP_DENY,
};
enum mcp_use mcp_server_use(const json_t *policy, const json_t *tool);
const char *mcp_use_name(enum mcp_use use);
