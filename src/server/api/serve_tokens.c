/*
 * Tokens, with which hosts enrol: provisioning (24 h, once), static (for automation, from
 * given networks), install (in the path of a script). Also in the two documented shapes.
 */
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"
#include "server/org/credential.h"
#include "server/org/network.h"

#define HOUR_NS (3600 * (int64_t)NS_PER_SEC)

static const char list_sql[] =
	"SELECT id, kind, name, created, expires, uses_left, network, labels, revoked, created_by "
	"FROM tokens WHERE org = $1 AND kind IN ('provisioning', 'static', 'install') "
	"ORDER BY created, id LIMIT 10000";
static const char insert_sql[] =
	"INSERT INTO tokens (org, id, kind, name, hash, created, expires, uses_left, network, "
	"labels, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
	"RETURNING id, kind, name, created, expires, uses_left, network, labels, revoked, "
	"created_by";
static const char revoke_sql[] =
	"UPDATE tokens SET revoked = $3 WHERE org = $1 AND id = $2 AND revoked IS NULL";
static const char active_sql[] =
	"SELECT id, name, created, expires, uses_left, "
	"CAST(CASE WHEN revoked IS NULL AND uses_left > 0 AND expires > $2 THEN 1 ELSE 0 END "
	"AS BIGINT) "
	"FROM tokens WHERE org = $1 AND kind = 'provisioning' ORDER BY created, id LIMIT 10000";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "kind", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },
	{ "created", COLUMN_TIME },
	{ "expires", COLUMN_TIME },
	{ "uses_left", COLUMN_INT },
	{ "network", COLUMN_TEXT },
	{ "labels", COLUMN_JSON },
	{ "revoked", COLUMN_TIME },
	{ "created_by", COLUMN_TEXT },
	{ 0 },
};
static const struct column active_columns[] = {
	{ "id", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },
	{ "created_at", COLUMN_TIME },
	{ "expires_at", COLUMN_TIME },
	{ "uses_left", COLUMN_INT },
	{ "is_active", COLUMN_FLAG },
	{ 0 },
};

/* What is asked for, however it was said. */
struct wish {
	enum token_kind kind;
	const char *name;
	int64_t expires, uses; /* 0: never; any number of times */
	const char *network;
	json_t *labels; /* borrowed, or NULL */
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "tokens", columns));
}

static void get_tokens(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	const struct credential *made = exchange->data;
	json_t *answer = exchange_row(result->steps, 0, columns);

	json_put(answer, "token", json_string(made->token.text));
	json_object_set(answer, "expires_at", json_object_get(answer, "expires"));
	exchange_answer(exchange, answer);
}

static const char *kind_name(enum token_kind kind)
{
	switch (kind) {
	case TOKEN_STATIC:
		return "static";
	case TOKEN_INSTALL:
		return "install";
	default:
		return "provisioning";
	}
}

static void make(struct exchange *exchange, const struct wish *wish)
{
	struct credential *made = exchange_alloc(exchange, sizeof(*made));
	CLEANUP(json) json_t *none = json_object();
	char *labels = json_canonical(wish->labels ? wish->labels : none);
	const char *labels_text = exchange_text(exchange, "%s", labels);
	struct error err = { 0 };

	free(labels);
	if (network_check(wish->network, &err) < 0) {
		exchange_fail(exchange, &err);
		return;
	}
	credential_make(wish->kind, made);
	exchange->data = made;
	const struct store_step steps[] = {
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(made->id),
		     store_text(kind_name(wish->kind)), store_text(wish->name),
		     store_text(made->hash), exchange_now(),
		     wish->expires ? store_int(wish->expires) : store_null(),
		     wish->uses ? store_int(wish->uses) : store_null(), store_text(wish->network),
		     store_text(labels_text), store_text(exchange_actor(exchange))),
		exchange_audit(
			exchange, "token.create", made->id,
			json_pack("{s:s, s:s}", "kind", kind_name(wish->kind), "name", wish->name)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_made);
}

static void post_tokens(struct exchange *exchange)
{
	const char *kind = exchange_member(exchange, "kind", "provisioning");
	bool is_static = strcmp(kind, "static") == 0;
	int64_t hours = json_get_int(exchange->body, "expires_hours", is_static ? 0 : 24);
	struct wish wish = {
		.kind = is_static                      ? TOKEN_STATIC
			: strcmp(kind, "install") == 0 ? TOKEN_INSTALL
						       : TOKEN_PROVISIONING,
		.name = exchange_member(exchange, "name", ""),
		.expires = hours ? (int64_t)clock_wall_ns() + hours * HOUR_NS : 0,
		.uses = json_get_int(exchange->body, "uses", is_static ? 0 : 1),
		.network = exchange_member(exchange, "network", ""),
		.labels = json_object_get(exchange->body, "labels"),
	};

	make(exchange, &wish);
}

static void handle_revoked(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_token(struct exchange *exchange)
{
	const char *id = exchange->params[0];
	const struct store_step steps[] = {
		STEP(revoke_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     exchange_now()),
		exchange_audit(exchange, "token.revoke", id, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_revoked);
}

/* The documented routes name the org in their path: by id, customer id or name. */
static bool is_own(struct exchange *exchange, const char *name)
{
	const struct org *org = exchange->caller.org;

	if (strcmp(name, org->id) == 0 || strcasecmp(name, org->customer_id) == 0 ||
	    strcmp(name, org->name) == 0)
		return true;
	exchange_refuse(exchange, 404, NULL, "there is no such org here");
	return false;
}

static void post_provisioning(struct exchange *exchange)
{
	const char *until = exchange_member(exchange, "expires_at", NULL);
	int64_t now = (int64_t)clock_wall_ns();
	uint64_t expires = 0;
	struct wish wish = {
		.kind = TOKEN_PROVISIONING,
		.name = exchange_member(exchange, "name", ""),
		.expires = now + json_get_int(exchange->body, "expires_hours", 24) * HOUR_NS,
		.uses = json_get_int(exchange->body, "max_uses", 1),
		.network = "",
	};

	if (!is_own(exchange, exchange->params[0]))
		return;
	if (until && clock_parse(until, &expires))
		wish.expires = (int64_t)expires;
	if (until && (int64_t)expires <= now) {
		exchange_refuse(exchange, 400, NULL, "'%.40s' is no time to come in RFC 3339",
				until);
		return;
	}
	make(exchange, &wish);
}

static void handle_active(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "tokens", active_columns));
}

static void get_provisioning(struct exchange *exchange)
{
	if (!is_own(exchange, exchange->params[0]))
		return;
	exchange_submit(exchange,
			&(struct store_step)STEP(active_sql, STORE_ANY, exchange_org(exchange),
						 exchange_now()),
			1, handle_active);
}

#define HOURS "{\"type\":\"integer\",\"minimum\":1,\"maximum\":87600}"
#define USES "{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000000}"
#define TOKEN_MEMBERS                                                           \
	"\"id\":" SCHEMA_TEXT ",\"kind\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT \
	",\"created\":" SCHEMA_TEXT ",\"expires\":" SCHEMA_NULL_TEXT            \
	",\"uses_left\":" SCHEMA_NULL_COUNT ",\"network\":" SCHEMA_NULL_TEXT    \
	",\"labels\":" SCHEMA_MAP ",\"revoked\":" SCHEMA_NULL_TEXT ",\"created_by\":" SCHEMA_TEXT
#define MADE                                            \
	SCHEMA_GIVES("\"id\",\"token\",\"expires_at\"", \
		     TOKEN_MEMBERS ",\"token\":" SCHEMA_TEXT ",\"expires_at\":" SCHEMA_NULL_TEXT)
#define PROVISIONING                                                                             \
	SCHEMA_OBJECT(                                                                           \
		"\"organization_id\":" SCHEMA_TEXT                                               \
		",\"name\":{\"type\":\"string\",\"maxLength\":128},\"description\":" SCHEMA_TEXT \
		",\"expires_hours\":" HOURS ",\"expires_at\":" SCHEMA_TEXT ",\"max_uses\":" USES \
		",\"metadata\":{\"type\":\"object\"}")

const struct route routes_tokens[] = {
	{ .method = "GET",
	  .operation = "list_tokens",
	  .pattern = "/api/v1/tokens",
	  .summary = "The org's enrolment tokens, without their texts.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_LIST("tokens", SCHEMA_GIVES("\"id\",\"kind\"", TOKEN_MEMBERS)),
	  .handle = get_tokens },
	{ .method = "POST",
	  .operation = "create_token",
	  .pattern = "/api/v1/tokens",
	  .summary = "Makes an enrolment token, which is shown once.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = SCHEMA_STRICT(
		  "", "\"kind\":{\"enum\":[\"provisioning\",\"static\",\"install\"]}"
		      ",\"name\":{\"type\":\"string\",\"maxLength\":128},\"expires_hours\":" HOURS
		      ",\"uses\":" USES ",\"network\":{\"type\":\"string\",\"maxLength\":1024}"
		      ",\"labels\":" SCHEMA_MAP),
	  .response = MADE,
	  .example = "{\"kind\":\"static\",\"network\":\"10.0.0.0/8\"}",
	  .handle = post_tokens },
	{ .method = "DELETE",
	  .operation = "delete_token",
	  .pattern = "/api/v1/tokens/{token_id}",
	  .summary = "Revokes a token at once.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_token },
	{ .method = "GET",
	  .operation = "list_provisioning_tokens",
	  .pattern = "/api/v1/organizations/{org}/provisioning-tokens",
	  .summary = "The org's provisioning tokens.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_LIST("tokens",
				  SCHEMA_GIVES("\"id\",\"is_active\",\"expires_at\"",
					       "\"id\":" SCHEMA_TEXT ",\"is_active\":" SCHEMA_FLAG
					       ",\"expires_at\":" SCHEMA_NULL_TEXT)),
	  .handle = get_provisioning },
	{ .method = "POST",
	  .operation = "create_provisioning_token",
	  .pattern = "/api/v1/organizations/{org}/provisioning-tokens",
	  .summary = "Makes a provisioning token.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = PROVISIONING,
	  .response = MADE,
	  .example = "{\"name\":\"example\"}",
	  .handle = post_provisioning },
	{ .method = "POST",
	  .operation = "create_agent_provisioning_token",
	  .pattern = "/api/v1/agents/organizations/{org}/provisioning-tokens",
	  .summary = "Makes a provisioning token.",
	  .least = ROLE_ADMIN,
	  .request = PROVISIONING,
	  .response = MADE,
	  .example = "{\"expires_hours\":24}",
	  .handle = post_provisioning },
	{ 0 },
};
