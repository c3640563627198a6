/* MCP servers of others: added, listed, changed, removed. No answer holds a secret. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "identity/token.h"
#include "server/mcp/mcp_servers_internal.h"
#include "server/mcp/routes.h"
#include "server/mcp/wish.h"
#include "server/org/orgs.h"

#define SHOWN                                                                            \
	"id, name, url, protocol, enabled, call_s, max_kb, calls, created, created_by, " \
	"changed, policy, secrets"

static const char list_sql[] = "SELECT " SHOWN " FROM mcp_servers WHERE org = $1 ORDER BY name "
			       "LIMIT 64";
static const char one_sql[] = "SELECT " SHOWN ", sealed FROM mcp_servers WHERE org = $1 AND "
			      "id = $2";
static const char room_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT count(*) AS n FROM mcp_servers WHERE org = $1) d "
	"WHERE d.n >= $2";
static const char insert_sql[] =
	"INSERT INTO mcp_servers (org, id, name, url, protocol, enabled, call_s, max_kb, calls, "
	"created, created_by, changed, policy, secrets, sealed) VALUES ($1, $2, $3, $4, $5, $6, "
	"$7, $8, $9, $10, $11, $10, $12, $13, $14) RETURNING " SHOWN;
/* Who read what is changed here may not have read what another changed meanwhile. */
static const char change_sql[] =
	"UPDATE mcp_servers SET url = $3, protocol = $4, enabled = $5, call_s = $6, max_kb = $7, "
	"calls = $8, changed = $9, policy = $10, secrets = $11, sealed = $12 WHERE org = $1 AND "
	"id = $2 AND changed = $13 AND sealed = $14 RETURNING " SHOWN;
static const char remove_sql[] = "DELETE FROM mcp_servers WHERE org = $1 AND id = $2";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },      { "name", COLUMN_TEXT },
	{ "url", COLUMN_TEXT },     { "protocol", COLUMN_TEXT },
	{ "enabled", COLUMN_FLAG }, { "call_s", COLUMN_INT },
	{ "max_kb", COLUMN_INT },   { "calls", COLUMN_INT },
	{ "created", COLUMN_TIME }, { "created_by", COLUMN_TEXT },
	{ "changed", COLUMN_TIME }, { "tools", COLUMN_JSON },
	{ "secrets", COLUMN_JSON }, { 0 },
};

enum at {
	AT_URL = 2,
	AT_PROTOCOL,
	AT_ENABLED,
	AT_CALL_S,
	AT_MAX_KB,
	AT_CALLS,
	AT_CHANGED = 10,
	AT_POLICY,
	AT_SECRETS,
	AT_SEALED,
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "mcp_servers", columns));
}

static void get_mcp_servers(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(result->steps, 0, columns));
}

static void read_one(struct exchange *exchange, exchange_done *done)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, done);
}

static void get_mcp_server(struct exchange *exchange)
{
	read_one(exchange, handle_one);
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(&result->steps[1], 0, columns));
}

static void handle_not_made(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL,
				"there is an MCP server of this name, or %d in all",
				MCP_SERVERS_MAX);
	else
		exchange_fail(exchange, err);
}

static void post_mcp_servers(struct exchange *exchange)
{
	char nonce[NONCE_TEXT_BYTES];
	const char *id = exchange_text(exchange, "mcp_%.20s", nonce_make(nonce));
	const char *name = exchange_member(exchange, "name", "");
	CLEANUP(json) json_t *policy = json_object();
	CLEANUP(json) json_t *nothing = json_object();
	struct mcp_wish wish = {
		.is_enabled = 1,
		.call_s = MCP_SERVER_CALL_S,
		.max_kb = MCP_SERVER_MAX_KB,
		.calls = MCP_SERVER_CALLS,
	};

	if (!mcp_wish_seal(exchange, id, nothing, &wish))
		return;
	if (mcp_name_fault(name)) {
		exchange_refuse(exchange, 400, NULL, "%s", mcp_name_fault(name));
		return;
	}
	if (!mcp_wish_read(exchange, id, policy, &wish))
		return;
	const struct store_step steps[] = {
		STEP(room_sql, STORE_NONE, exchange_org(exchange), store_int(MCP_SERVERS_MAX)),
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_text(name), store_text(wish.url), store_text(wish.protocol),
		     store_int(wish.is_enabled), store_int(wish.call_s), store_int(wish.max_kb),
		     store_int(wish.calls), exchange_now(), store_text(exchange_actor(exchange)),
		     store_text(wish.policy), store_text(wish.secrets), store_text(wish.sealed)),
		exchange_audit(exchange, "mcp-server.create", id,
			       json_pack("{s:s, s:s}", "name", name, "url", wish.url)),
	};
	exchange->failed = handle_not_made;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_made);
}

/* Investigations that are under way hear of it before who asked does. */
static void tell_changed(const struct exchange *exchange)
{
	const struct mcp_servers_config *config = mcp_servers_config(exchange->api->mcp_servers);

	if (config->changed)
		config->changed(exchange->caller.org->id, config->data);
}

static void handle_changed(struct exchange *exchange, const struct store_result *result)
{
	tell_changed(exchange);
	handle_one(exchange, result);
}

static void handle_not_changed(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL,
				"somebody else has changed it meanwhile: look again");
	else
		exchange_fail(exchange, err);
}

/* Another address is another server: what was allowed of the old one, and its secret, end. */
static bool is_moved(struct exchange *exchange, const struct store_rows *rows, json_t *policy)
{
	const char *url = json_get_text(exchange->body, "url", NULL);

	if (!url || strcmp(url, store_text_at(rows, 0, AT_URL)) == 0)
		return false;
	(void)json_object_clear(policy);
	return true;
}

static void handle_before(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = &result->steps[0];
	const char *id = exchange->params[0];
	json_t *policy = json_loads(store_text_at(rows, 0, AT_POLICY), 0, NULL);
	CLEANUP(json) json_t *owned UNUSED = policy;
	CLEANUP(json) json_t *nothing = json_object();
	const struct store_value changed = *store_at(rows, 0, AT_CHANGED);
	bool has_protocol = store_at(rows, 0, AT_PROTOCOL)->kind == STORE_TEXT;
	struct mcp_wish wish = {
		.url = exchange_text(exchange, "%s", store_text_at(rows, 0, AT_URL)),
		.protocol = has_protocol ? exchange_text(exchange, "%s",
							 store_text_at(rows, 0, AT_PROTOCOL))
					 : NULL,
		.is_enabled = store_int_at(rows, 0, AT_ENABLED),
		.call_s = store_int_at(rows, 0, AT_CALL_S),
		.max_kb = store_int_at(rows, 0, AT_MAX_KB),
		.calls = store_int_at(rows, 0, AT_CALLS),
		.secrets = exchange_text(exchange, "%s", store_text_at(rows, 0, AT_SECRETS)),
		.sealed = exchange_text(exchange, "%s", store_text_at(rows, 0, AT_SEALED)),
	};

	if (is_moved(exchange, rows, policy) && !mcp_wish_seal(exchange, id, nothing, &wish))
		return;
	if (!mcp_wish_read(exchange, id, policy, &wish))
		return;
	const struct store_step steps[] = {
		STEP(change_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_text(wish.url), store_text(wish.protocol), store_int(wish.is_enabled),
		     store_int(wish.call_s), store_int(wish.max_kb), store_int(wish.calls),
		     exchange_now(), store_text(wish.policy), store_text(wish.secrets),
		     store_text(wish.sealed), changed,
		     store_text(store_text_at(rows, 0, AT_SEALED))),
		exchange_audit(exchange, "mcp-server.change", id,
			       json_pack("{s:s, s:O*}", "url", wish.url, "tools",
					 json_object_get(exchange->body, "tools"))),
	};
	exchange->failed = handle_not_changed;
	exchange->notice = MCP_SERVERS_NOTICE;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_changed);
}

static void patch_mcp_server(struct exchange *exchange)
{
	read_one(exchange, handle_before);
}

static void handle_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	tell_changed(exchange);
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_mcp_server(struct exchange *exchange)
{
	const char *id = exchange->params[0];
	const struct store_step steps[] = {
		STEP(remove_sql, STORE_SOME, exchange_org(exchange), store_text(id)),
		exchange_audit(exchange, "mcp-server.remove", id, NULL),
	};

	exchange->notice = MCP_SERVERS_NOTICE;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_removed);
}

#define OPEN_OBJECT "{\"type\":\"object\"}"
#define LIMIT(max) "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" max "}"
#define PROTOCOLS "{\"enum\":[\"2025-03-26\",\"2025-06-18\",\"2025-11-25\",\"2026-07-28\"]}"
#define WORD "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024}"
#define SECRET_WORD "{\"type\":\"string\",\"minLength\":1,\"maxLength\":4096}"
#define SECRET_FIELDS "\"token\":" SECRET_WORD ",\"header\":" SCHEMA_ID ",\"value\":" SECRET_WORD
#define GRANT_FIELDS                                                                   \
	"\"client_id\":" WORD ",\"client_secret\":" SECRET_WORD ",\"token_url\":" WORD \
	",\"scope\":" WORD ",\"issuer\":" WORD
#define SECRET                                                                               \
	"{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" SECRET_FIELDS \
	"," GRANT_FIELDS "}}"
#define TOOLS                                                                                    \
	"{\"type\":\"object\",\"additionalProperties\":{\"type\":\"object\","                    \
	"\"additionalProperties\":false,\"required\":[\"use\"],\"properties\":{\"use\":"         \
	"{\"enum\":[\"allow\",\"ask\",\"deny\"]},\"sha256\":{\"type\":\"string\",\"maxLength\":" \
	"64}}}}"
#define URL "{\"type\":\"string\",\"minLength\":1,\"maxLength\":1024}"
#define WISH                                                                  \
	"\"url\":" URL ",\"protocol\":" PROTOCOLS ",\"enabled\":" SCHEMA_FLAG \
	",\"secret\":" SECRET ",\"tools\":" TOOLS                             \
	",\"call_s\":" LIMIT("30") ",\"max_kb\":" LIMIT("512") ",\"calls\":" LIMIT("200")
#define ROW                                                                                 \
	SCHEMA_GIVES("\"id\",\"name\",\"url\",\"enabled\",\"tools\",\"secrets\"",           \
		     "\"id\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT ",\"url\":" SCHEMA_TEXT \
		     ",\"protocol\":" SCHEMA_NULL_TEXT ",\"enabled\":" SCHEMA_FLAG          \
		     ",\"call_s\":" SCHEMA_COUNT ",\"max_kb\":" SCHEMA_COUNT                \
		     ",\"calls\":" SCHEMA_COUNT ",\"created\":" SCHEMA_TEXT                 \
		     ",\"created_by\":" SCHEMA_TEXT ",\"changed\":" SCHEMA_TEXT             \
		     ",\"tools\":" OPEN_OBJECT ",\"secrets\":" SCHEMA_TEXTS)
#define OFFERED                                                                             \
	SCHEMA_GIVES("\"name\",\"protocol\",\"tools\",\"left_out\"",                        \
		     "\"name\":" SCHEMA_TEXT ",\"protocol\":" SCHEMA_TEXT                   \
		     ",\"tools\":{\"type\":\"array\",\"items\":" SCHEMA_GIVES(              \
			     "\"name\",\"description\",\"schema\",\"sha256\",\"use\"",      \
			     "\"name\":" SCHEMA_TEXT ",\"title\":" SCHEMA_TEXT              \
			     ",\"description\":" SCHEMA_TEXT ",\"schema\":" OPEN_OBJECT     \
			     ",\"sha256\":" SCHEMA_TEXT                                     \
			     ",\"use\":" SCHEMA_TEXT) "},\"left_out\":{\"type\":\"array\"," \
						      "\"items\":" OPEN_OBJECT "}")

const struct route routes_mcp_servers[] = {
	{ .method = "GET",
	  .operation = "list_mcp_servers",
	  .pattern = "/api/v1/mcp-servers",
	  .summary = "MCP servers of others that investigations may ask, without their secrets.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("mcp_servers", ROW),
	  .handle = get_mcp_servers },
	{ .method = "POST",
	  .operation = "create_mcp_server",
	  .pattern = "/api/v1/mcp-servers",
	  .summary = "Adds an MCP server; each call of its tools needs a person until one allows "
		     "them.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = SCHEMA_STRICT("\"name\",\"url\"", "\"name\":" SCHEMA_NAME "," WISH),
	  .response = ROW,
	  .example = "{\"name\":\"tickets\",\"url\":\"https://mcp.example.org/mcp\",\"secret\":"
		     "{\"token\":\"example\"}}",
	  .handle = post_mcp_servers },
	{ .method = "GET",
	  .operation = "get_mcp_server",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}",
	  .summary = "One MCP server, with what was allowed of it, without its secret.",
	  .least = ROLE_VIEWER,
	  .response = ROW,
	  .handle = get_mcp_server },
	{ .method = "PATCH",
	  .operation = "change_mcp_server",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}",
	  .summary = "Changes what the body names; with another url, secret and allowances end.",
	  .least = ROLE_ADMIN,
	  .request =
		  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{" WISH "}}",
	  .response = ROW,
	  .example = "{\"tools\":{\"delete_ticket\":{\"use\":\"deny\"}}}",
	  .handle = patch_mcp_server },
	{ .method = "DELETE",
	  .operation = "delete_mcp_server",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}",
	  .summary = "Removes an MCP server and its secret.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_mcp_server },
	{ .method = "POST",
	  .operation = "test_mcp_server",
	  .pattern = "/api/v1/mcp-servers/{mcp_server_id}/test",
	  .summary = "Asks an MCP server for its tools, and says which of them may run.",
	  .least = ROLE_ADMIN,
	  .response = OFFERED,
	  .handle = mcp_serve_trial },
	{ 0 },
};
