/* API keys: of people and programs. The text is shown once; the store has its hash. */
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"
#include "server/org/credential.h"

static const char list_sql[] =
	"SELECT id, name, role, created, expires, revoked, last_used FROM api_keys "
	"WHERE org = $1 ORDER BY created, id LIMIT 10000";
static const char insert_sql[] =
	"INSERT INTO api_keys (org, id, name, role, hash, created, expires) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7) "
	"RETURNING id, name, role, created, expires, revoked, last_used";
/* The last admin's key stays, else nobody could ever make another. */
static const char revoke_sql[] =
	"UPDATE api_keys SET revoked = $3 WHERE org = $1 AND id = $2 AND revoked IS NULL "
	"AND (role <> 'admin' OR EXISTS (SELECT 1 FROM api_keys k WHERE k.org = $1 "
	"AND k.id <> $2 AND k.role = 'admin' AND k.revoked IS NULL AND k.expires IS NULL))";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },        { "name", COLUMN_TEXT },
	{ "role", COLUMN_TEXT },      { "created", COLUMN_TIME },
	{ "expires", COLUMN_TIME },   { "revoked", COLUMN_TIME },
	{ "last_used", COLUMN_TIME }, { 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "keys", columns));
}

static void get_keys(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	const struct credential *made = exchange->data;
	json_t *answer = exchange_row(result->steps, 0, columns);

	json_put(answer, "key", json_string(made->token.text));
	exchange_answer(exchange, answer);
}

static void post_keys(struct exchange *exchange)
{
	const char *customer = json_get_text(exchange->body, "kind", "api");
	int64_t hours = json_get_int(exchange->body, "expires_hours", 0);
	int64_t now = (int64_t)clock_wall_ns();
	struct credential *made = exchange_alloc(exchange, sizeof(*made));
	const char *name = exchange_member(exchange, "name", "");
	const char *role = exchange_member(exchange, "role", "");

	credential_make(strcmp(customer, "customer") == 0 ? TOKEN_CUSTOMER_KEY : TOKEN_API_KEY,
			made);
	exchange->data = made;
	const struct store_step steps[] = {
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(made->id),
		     store_text(name), store_text(role), store_text(made->hash), store_int(now),
		     hours ? store_int(now + hours * 3600 * (int64_t)NS_PER_SEC) : store_null()),
		exchange_audit(exchange, "key.create", made->id,
			       json_pack("{s:s, s:s}", "name", name, "role", role)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_made);
}

static void handle_revoked(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_key(struct exchange *exchange)
{
	const char *id = exchange->params[0];
	const struct store_step steps[] = {
		STEP(revoke_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     exchange_now()),
		exchange_audit(exchange, "key.revoke", id, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_revoked);
}

#define KEY_MEMBERS                                                             \
	"\"id\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT ",\"role\":" SCHEMA_TEXT \
	",\"created\":" SCHEMA_TEXT ",\"expires\":" SCHEMA_NULL_TEXT            \
	",\"revoked\":" SCHEMA_NULL_TEXT ",\"last_used\":" SCHEMA_NULL_TEXT
#define KEY_NAMES "\"id\",\"name\",\"role\",\"created\""

const struct route routes_keys[] = {
	{ .method = "GET",
	  .operation = "list_keys",
	  .pattern = "/api/v1/keys",
	  .summary = "The org's keys, without their texts.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_LIST("keys", SCHEMA_GIVES(KEY_NAMES, KEY_MEMBERS)),
	  .handle = get_keys },
	{ .method = "POST",
	  .operation = "create_key",
	  .pattern = "/api/v1/keys",
	  .summary = "Makes a key, which is shown once.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = SCHEMA_STRICT(
		  "\"name\",\"role\"",
		  "\"name\":" SCHEMA_NAME
		  ",\"role\":{\"enum\":[\"viewer\",\"responder\",\"approver\",\"admin\"]}"
		  ",\"kind\":{\"enum\":[\"api\",\"customer\"]}"
		  ",\"expires_hours\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":87600}"),
	  .response = SCHEMA_GIVES(KEY_NAMES ",\"key\"", KEY_MEMBERS ",\"key\":" SCHEMA_TEXT),
	  .example = "{\"name\":\"example\",\"role\":\"viewer\"}",
	  .handle = post_keys },
	{ .method = "DELETE",
	  .operation = "delete_key",
	  .pattern = "/api/v1/keys/{key_id}",
	  .summary = "Revokes a key at once; the last admin's key stays.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_key },
	{ 0 },
};
