/* The public keys whose programs an org takes. */
#include <errno.h>
#include <string.h>

#include "kernel/program/trust.h"
#include "server/artifact/artifact.h"
#include "server/artifact/routes.h"

static const char list_sql[] =
	"SELECT id, key, added, added_by FROM program_keys WHERE org = $1 ORDER BY id";
static const char room_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT count(*) AS n FROM program_keys WHERE org = $1 AND "
	"id <> $3) d WHERE d.n < $2";
static const char save_sql[] =
	"INSERT INTO program_keys (org, id, key, added, added_by) VALUES ($1, $2, $3, $4, $5) "
	"ON CONFLICT (org, id) DO UPDATE SET key = excluded.key RETURNING id, key, added, "
	"added_by";
static const char remove_sql[] = "DELETE FROM program_keys WHERE org = $1 AND id = $2";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "key", COLUMN_TEXT },
	{ "added", COLUMN_TIME },
	{ "added_by", COLUMN_TEXT },
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
	exchange_answer(exchange, exchange_row(&result->steps[1], 0, columns));
}

static void handle_not_saved(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL, "an org trusts at most %d keys",
				ARTIFACT_KEYS_MAX);
	else
		exchange_fail(exchange, err);
}

static void post_key(struct exchange *exchange)
{
	const char *key = exchange_member(exchange, "key", "");
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	if (trust_add(&trust, key, strlen(key), &err) < 0) {
		exchange_refuse(exchange, 400, NULL, "%s", err.text);
		return;
	}
	const char *id = exchange_text(exchange, "%s", trust.keys[0].id);
	const struct store_step steps[] = {
		STEP(room_sql, STORE_SOME, exchange_org(exchange), store_int(ARTIFACT_KEYS_MAX),
		     store_text(id)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(id), store_text(key),
		     exchange_now(), store_text(exchange_actor(exchange))),
		exchange_audit(exchange, "program_key.trust", id, NULL),
	};
	exchange->failed = handle_not_saved;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

static void handle_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_key(struct exchange *exchange)
{
	const struct store_step steps[] = {
		STEP(remove_sql, STORE_SOME, exchange_org(exchange),
		     store_text(exchange->params[0])),
		exchange_audit(exchange, "program_key.distrust", exchange->params[0], NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_removed);
}

#define KEY                                                                          \
	SCHEMA_GIVES("\"id\",\"key\"", "\"id\":" SCHEMA_TEXT ",\"key\":" SCHEMA_TEXT \
				       ",\"added\":" SCHEMA_TEXT ",\"added_by\":" SCHEMA_TEXT)

const struct route routes_program_keys[] = {
	{ .method = "GET",
	  .operation = "list_program_keys",
	  .pattern = "/api/v1/program-keys",
	  .summary = "The public keys whose signed programs the org takes.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("keys", KEY),
	  .handle = get_keys },
	{ .method = "POST",
	  .operation = "trust_program_key",
	  .pattern = "/api/v1/program-keys",
	  .summary = "Takes signed programs of one key more: Ed25519, or ECDSA on P-256.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"key\"",
				   "\"key\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":"
				   "2048,\"description\":\"PEM, or the Base64 inside\"}"),
	  .response = KEY,
	  .example = "{\"key\":\"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\"}",
	  .handle = post_key },
	{ .method = "DELETE",
	  .operation = "distrust_program_key",
	  .pattern = "/api/v1/program-keys/{program_key_id}",
	  .summary = "Takes no programs of a key any more; hosts lose those that it signed.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_key },
	{ 0 },
};
