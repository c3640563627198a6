/*
 * Standing grants, and their revocations, as their approvers signed them. Hosts check both
 * and count the uses; here a call is only given the grant that seems to cover it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/grant.h"
#include "identity/key.h"
#include "identity/statement.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"
#include "server/hub/hub.h"

static const char list_sql[] =
	"SELECT id, approver, tool, created, expires, revoked, revoked_by, statement FROM grants "
	"WHERE org = $1 AND expires > $2 ORDER BY created DESC LIMIT 1000";
static const char approver_sql[] = "SELECT key FROM approvers WHERE org = $1 AND name = $2 "
				   "AND removed IS NULL";
static const char save_sql[] =
	"INSERT INTO grants (org, id, approver, tool, created, expires, signature, statement) "
	"VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
static const char old_sql[] = "DELETE FROM grants WHERE org = $1 AND expires < $2";
static const char revoke_sql[] = "UPDATE grants SET revoked = $3, revoked_by = $4, revocation = $5 "
				 "WHERE org = $1 AND id = $2 AND revoked IS NULL AND expires = $6";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },         { "approver", COLUMN_TEXT },  { "tool", COLUMN_TEXT },
	{ "created", COLUMN_TIME },    { "expires", COLUMN_TIME },   { "revoked", COLUMN_TIME },
	{ "revoked_by", COLUMN_TEXT }, { "statement", COLUMN_JSON }, { 0 },
};

struct signing {
	struct grant grant;
	struct revocation revocation;
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "grants", columns));
}

static void get_grants(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
						 exchange_now()),
			1, handle_list);
}

static void finish(struct exchange *exchange)
{
	struct signing *signing = exchange->data;

	grant_finish(&signing->grant);
}

/* Refuses where the key of that approver did not sign the body. */
static bool is_signed(struct exchange *exchange, const struct store_rows *approver,
		      const char *name)
{
	const char *text = store_text_at(approver, 0, 0);
	struct error err = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;

	if (approver->n_rows == 0) {
		exchange_refuse(exchange, 403, "forbidden", "'%s' is no approver of this org",
				name);
		return false;
	}
	key = key_parse(text, strlen(text), &err);
	if (key && statement_verify(exchange->body, key, &err) == 0)
		return true;
	exchange_refuse(exchange, 403, "forbidden", "the signature does not hold");
	return false;
}

static void handle_done(struct exchange *exchange, const struct store_result *result UNUSED)
{
	const struct signing *signing = exchange->data;
	const char *revoked = signing->revocation.grant;

	if (*revoked)
		hub_add_revocation(exchange->api->hub, exchange->caller.org->id,
				   json_incref(exchange->body));
	exchange_answer(exchange, json_pack("{s:b, s:s}", "ok", 1, "id",
					    *revoked ? revoked : signing->grant.grant));
}

static void handle_not_saved(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL, "a grant with this id is there");
	else if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL,
				"no grant with this id and expiry is in force");
	else
		exchange_fail(exchange, err);
}

static json_t *describe(const struct grant *grant)
{
	return json_pack("{s:s, s:s, s:O, s:O, s:I}", "approver", grant->approver, "tool",
			 grant->tool, "arguments", grant->arguments, "hosts", grant->hosts, "uses",
			 (json_int_t)grant->uses);
}

static void handle_granter(struct exchange *exchange, const struct store_result *result)
{
	const struct signing *signing = exchange->data;
	const struct grant *grant = &signing->grant;
	const struct store_value now = exchange_now();

	exchange->failed = handle_not_saved;
	if (!is_signed(exchange, result->steps, grant->approver))
		return;
	const struct store_step steps[] = {
		STEP(old_sql, STORE_ANY, exchange_org(exchange),
		     store_int(now.integer - GRANT_MAX_LIFE_S * (int64_t)NS_PER_SEC)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(grant->grant),
		     store_text(grant->approver), store_text(grant->tool), now,
		     store_int((int64_t)(grant->expires_s * NS_PER_SEC)),
		     store_text(exchange_member(exchange, "signature", "")),
		     store_text(exchange_member(exchange, "statement", ""))),
		exchange_audit(exchange, "grant.create", grant->grant, describe(grant)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_done);
}

static void ask_for_key(struct exchange *exchange, const char *approver, exchange_done *then)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(approver_sql, STORE_ANY, exchange_org(exchange),
						 store_text(approver)),
			1, then);
}

static void post_grant(struct exchange *exchange)
{
	struct signing *signing = exchange_alloc(exchange, sizeof(*signing));
	uint64_t now_s = clock_wall_ns() / NS_PER_SEC;
	const struct grant *grant = &signing->grant;
	struct error err = { 0 };

	exchange->data = signing;
	exchange->finish = finish;
	if (grant_parse(exchange->body, &signing->grant, &err) < 0)
		exchange_refuse(exchange, 400, NULL, "this is no grant: %s", err.text);
	else if (strcmp(grant->org, exchange->caller.org->id) != 0)
		exchange_refuse(exchange, 409, NULL, "this grant is of another org");
	else if (grant->expires_s <= now_s || grant->expires_s > now_s + GRANT_MAX_LIFE_S)
		exchange_refuse(exchange, 400, NULL, "a grant lasts at most %d days from now",
				GRANT_MAX_LIFE_S / 86400);
	else
		ask_for_key(exchange, grant->approver, handle_granter);
}

static void handle_revoker(struct exchange *exchange, const struct store_result *result)
{
	const struct signing *signing = exchange->data;
	const struct revocation *revocation = &signing->revocation;
	char *canonical;

	if (!is_signed(exchange, result->steps, revocation->approver))
		return;
	canonical = json_canonical(exchange->body);
	exchange->failed = handle_not_saved;
	const struct store_step steps[] = {
		STEP(revoke_sql, STORE_SOME, exchange_org(exchange), store_text(revocation->grant),
		     exchange_now(), store_text(revocation->approver),
		     store_text(exchange_text(exchange, "%s", canonical)),
		     store_int((int64_t)(revocation->expires_s * NS_PER_SEC))),
		exchange_audit(exchange, "grant.revoke", revocation->grant,
			       json_pack("{s:s}", "approver", revocation->approver)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_done);
	free(canonical);
}

static void post_revocation(struct exchange *exchange)
{
	struct signing *signing = exchange_alloc(exchange, sizeof(*signing));
	const struct revocation *revocation = &signing->revocation;
	struct error err = { 0 };

	exchange->data = signing;
	exchange->finish = finish;
	if (revocation_parse(exchange->body, &signing->revocation, &err) < 0)
		exchange_refuse(exchange, 400, NULL, "this is no revocation: %s", err.text);
	else if (strcmp(revocation->org, exchange->caller.org->id) != 0 ||
		 strcmp(revocation->grant, exchange->params[0]) != 0 ||
		 revocation->expires_s > INT64_MAX / NS_PER_SEC)
		exchange_refuse(exchange, 404, NULL, "this revokes another grant");
	else
		ask_for_key(exchange, revocation->approver, handle_revoker);
}

#define SEALED                                       \
	SCHEMA_STRICT("\"statement\",\"signature\"", \
		      "\"statement\":" SCHEMA_TEXT ",\"signature\":" SCHEMA_TEXT)
#define DONE SCHEMA_GIVES("\"ok\"", "\"ok\":" SCHEMA_FLAG ",\"id\":" SCHEMA_TEXT)
#define GRANT                                                                                    \
	SCHEMA_GIVES("\"id\",\"approver\",\"tool\",\"statement\"",                               \
		     "\"id\":" SCHEMA_TEXT ",\"approver\":" SCHEMA_TEXT ",\"tool\":" SCHEMA_TEXT \
		     ",\"created\":" SCHEMA_TEXT ",\"expires\":" SCHEMA_TEXT                     \
		     ",\"revoked\":" SCHEMA_NULL_TEXT ",\"revoked_by\":" SCHEMA_NULL_TEXT        \
		     ",\"statement\":{\"type\":\"object\"}")

const struct route routes_grants[] = {
	{ .method = "GET",
	  .operation = "list_grants",
	  .pattern = "/api/v1/grants",
	  .summary = "Standing grants that have not expired, also revoked ones.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("grants", GRANT),
	  .handle = get_grants },
	{ .method = "POST",
	  .operation = "create_grant",
	  .pattern = "/api/v1/grants",
	  .summary = "A standing grant, signed by an approver's own key.",
	  .least = ROLE_APPROVER,
	  .status = 201,
	  .request = SEALED,
	  .response = DONE,
	  .example = "{\"statement\":\"{}\",\"signature\":\"AA==\"}",
	  .handle = post_grant },
	{ .method = "POST",
	  .operation = "revoke_grant",
	  .pattern = "/api/v1/grants/{grant_id}/revoke",
	  .summary = "Ends a grant with a revocation signed by an approver's own key.",
	  .least = ROLE_APPROVER,
	  .request = SEALED,
	  .response = DONE,
	  .example = "{\"statement\":\"{}\",\"signature\":\"AA==\"}",
	  .handle = post_revocation },
	{ 0 },
};
