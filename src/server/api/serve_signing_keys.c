/*
 * What people sign with: the public halves, told at their logins, for whoever keeps the
 * org's root key. They approve nothing until that lists them.
 */
#include <string.h>

#include "base/clock.h"
#include "identity/approvers.h"
#include "identity/key.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"

static const char list_sql[] = "SELECT name, key, added FROM signing_keys WHERE org = $1 "
			       "AND EXISTS (SELECT 1 FROM api_keys WHERE api_keys.org = $1 "
			       "AND api_keys.id = signing_keys.api_key "
			       "AND api_keys.revoked IS NULL) ORDER BY name, added LIMIT 1000";
static const char save_sql[] =
	"INSERT INTO signing_keys (org, api_key, name, key, added) VALUES ($1, $2, $3, $4, $5) "
	"ON CONFLICT (org, api_key) DO UPDATE SET name = excluded.name, key = excluded.key, "
	"added = excluded.added RETURNING name, key, added";

static const struct column columns[] = {
	{ "name", COLUMN_TEXT },
	{ "key", COLUMN_TEXT },
	{ "added", COLUMN_TIME },
	{ 0 },
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

static void handle_saved(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(result->steps, 0, columns));
}

static bool is_signing_key(const char *text)
{
	struct error ignored = { 0 };
	CLEANUP(key) EVP_PKEY *key = key_parse(text, strlen(text), &ignored);

	return key && key_is(key, KEY_ED25519);
}

static void post_key(struct exchange *exchange)
{
	const struct caller *caller = &exchange->caller;
	const char *key = exchange_member(exchange, "key", "");

	if (!is_signing_key(key)) {
		exchange_refuse(exchange, 400, NULL, "this is no Ed25519 public key");
		return;
	}
	if (!approver_is_name(caller->name)) {
		exchange_refuse(exchange, 409, NULL,
				"who signs is called as his API key is, and '%s' has a blank or "
				"is not ASCII: ask for a key with another name",
				caller->name);
		return;
	}
	const struct store_step steps[] = {
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(caller->id),
		     store_text(caller->name), store_text(key), exchange_now()),
		exchange_audit(exchange, "signing_key.tell", caller->name,
			       json_pack("{s:s}", "key", key)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

#define KEY                              \
	SCHEMA_GIVES("\"name\",\"key\"", \
		     "\"name\":" SCHEMA_TEXT ",\"key\":" SCHEMA_TEXT ",\"added\":" SCHEMA_TEXT)

const struct route routes_signing_keys[] = {
	{ .method = "GET",
	  .operation = "list_signing_keys",
	  .pattern = "/api/v1/signing-keys",
	  .summary = "What people of the org say they sign with; who approves is in approvers.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("keys", KEY),
	  .handle = get_keys },
	{ .method = "POST",
	  .operation = "set_signing_key",
	  .pattern = "/api/v1/signing-keys",
	  .summary = "Tells the public half of the key that the owner of this API key signs with.",
	  .least = ROLE_RESPONDER,
	  .request = SCHEMA_STRICT("\"key\"", "\"key\":{\"type\":\"string\",\"maxLength\":200}"),
	  .response = KEY,
	  .example = "{\"key\":\"AA==\"}",
	  .handle = post_key },
	{ 0 },
};
