/* Orgs: making them is for the server's own admins; each sees and changes its own. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/key.h"
#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"
#include "server/org/founding.h"

static const char list_sql[] = "SELECT " ORGS_COLUMNS " FROM orgs WHERE id >= $1 ORDER BY id";
static const char update_sql[] =
	"UPDATE orgs SET name = COALESCE($2, name), quota_agents = COALESCE($3, quota_agents), "
	"quota_calls = COALESCE($4, quota_calls), "
	"author_may_approve = COALESCE($5, author_may_approve), "
	"root_key = COALESCE(root_key, $6), "
	"attachment_hosts = COALESCE($7, attachment_hosts), version = version + 1 WHERE id = $1 "
	"RETURNING " ORGS_COLUMNS;

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },
	{ "customer_id", COLUMN_TEXT },
	{ "created", COLUMN_TIME },
	{ "author_may_approve", COLUMN_FLAG },
	{ "quota_agents", COLUMN_INT },
	{ "quota_calls", COLUMN_INT },
	{ "root_key", COLUMN_TEXT },
	{ "attachment_hosts", COLUMN_TEXT },
	{ 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "orgs", columns));
}

static void get_orgs(struct exchange *exchange)
{
	exchange_submit_all(exchange, &(struct store_step)STEP(list_sql, STORE_ANY, store_text("")),
			    1, handle_list);
}

static json_t *describe(const struct org *org)
{
	char created[CLOCK_TEXT_BYTES];

	return json_pack("{s:s, s:s, s:s, s:s, s:b, s:I, s:I, s:s?, s:s}", "id", org->id, "name",
			 org->name, "customer_id", org->customer_id, "created",
			 clock_format((uint64_t)org->created, created), "author_may_approve",
			 org->author_may_approve != 0, "quota_agents",
			 (json_int_t)org->quota_agents, "quota_calls", (json_int_t)org->quota_calls,
			 "root_key", org->root_key, "attachment_hosts", org->attachment_hosts);
}

static void get_org(struct exchange *exchange)
{
	exchange_answer(exchange, describe(exchange->caller.org));
}

/* The documented list: of what the key can see, which is its own org. */
static void get_organizations(struct exchange *exchange)
{
	exchange_answer(exchange,
			json_pack("{s:[o]}", "organizations", describe(exchange->caller.org)));
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	const struct founding *founding = exchange->data;
	struct error err = { 0 };
	struct org *org = orgs_add_row(exchange->api->orgs, &result->steps[0], 0, &err);
	json_t *answer;

	if (!org) {
		exchange_fail(exchange, &err);
		return;
	}
	answer = describe(org);
	json_put(answer, "admin_key", json_string(founding->admin_key.token.text));
	exchange_answer(exchange, answer);
}

static void post_orgs(struct exchange *exchange)
{
	struct founding *founding = exchange_alloc(exchange, sizeof(*founding));
	struct store_step steps[FOUNDING_STEPS + 1];
	struct error err = { 0 };

	if (exchange->api->orgs->n == ORG_MAX) {
		exchange_refuse(exchange, 409, NULL, "this server has its %d orgs already",
				ORG_MAX);
		return;
	}
	exchange->data = founding;
	founding_begin(founding, NULL, exchange_member(exchange, "name", ""));
	if (orgs_seal_ca(exchange->api->orgs, founding->id, &founding->ca, &err) < 0) {
		exchange_fail(exchange, &err);
		return;
	}
	founding->quota_agents = json_get_int(exchange->body, "quota_agents", FOUNDING_AGENTS);
	founding->quota_calls = json_get_int(exchange->body, "quota_calls", FOUNDING_CALLS);
	founding_steps(founding, steps);
	steps[FOUNDING_STEPS] =
		exchange_audit(exchange, "org.create", founding->id,
			       json_pack("{s:s}", "name", exchange_member(exchange, "name", "")));
	exchange->notice = ORGS_NOTICE;
	exchange_submit_all(exchange, steps, ARRAY_LEN(steps), handle_made);
	free(founding->ca); /* the batch has a copy */
	founding->ca = NULL;
}

static void handle_changed(struct exchange *exchange, const struct store_result *result)
{
	struct error err = { 0 };
	struct org *org = orgs_add_row(exchange->api->orgs, &result->steps[0], 0, &err);

	if (org)
		exchange_answer(exchange, describe(org));
	else
		exchange_fail(exchange, &err);
}

static struct store_value optional_int(const json_t *body, const char *name)
{
	const json_t *value = json_object_get(body, name);

	return value ? store_int(json_is_true(value) ? 1 : json_integer_value(value))
		     : store_null();
}

/* A root that is set stays: who could change it could make himself an approver. */
static bool check_root(struct exchange *exchange, const char *root)
{
	struct error err = { 0 };
	EVP_PKEY *key;

	if (!root)
		return true;
	if (exchange->caller.org->root_key) {
		exchange_refuse(exchange, 409, NULL, "the org has its root key already");
		return false;
	}
	key = key_parse(root, strlen(root), &err);
	if (!key || !key_is(key, KEY_ED25519)) {
		EVP_PKEY_free(key);
		exchange_refuse(exchange, 400, NULL, "the root key is no Ed25519 public key");
		return false;
	}
	EVP_PKEY_free(key);
	return true;
}

static bool check_hosts(struct exchange *exchange, const char *hosts)
{
	static const char known[] = "abcdefghijklmnopqrstuvwxyz0123456789.- ";

	if (!hosts || strspn(hosts, known) == strlen(hosts))
		return true;
	exchange_refuse(
		exchange, 400, "bad_request",
		"/attachment_hosts: hosts and .domains in small letters, with blanks between");
	return false;
}

static void patch_org(struct exchange *exchange)
{
	const json_t *body = exchange->body;
	const char *name = json_get_text(body, "name", NULL);
	const char *root = json_get_text(body, "root_key", NULL);
	const char *hosts = json_get_text(body, "attachment_hosts", NULL);
	bool of_server = strcmp(exchange->caller.org->id, ORG_DEFAULT) == 0;

	if (!of_server &&
	    (json_object_get(body, "quota_agents") || json_object_get(body, "quota_calls"))) {
		exchange_refuse(exchange, 403, "forbidden",
				"the server's admins set an org's quotas");
		return;
	}
	if (!check_root(exchange, root) || !check_hosts(exchange, hosts))
		return;
	const struct store_step steps[] = {
		STEP(update_sql, STORE_SOME, exchange_org(exchange), store_text(name),
		     optional_int(body, "quota_agents"), optional_int(body, "quota_calls"),
		     optional_int(body, "author_may_approve"), store_text(root), store_text(hosts)),
		exchange_audit(exchange, "org.change", exchange->caller.org->id,
			       json_deep_copy(body)),
	};
	exchange->notice = ORGS_NOTICE;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_changed);
}

#define COUNT_TO_MILLION "{\"type\":\"integer\",\"minimum\":0,\"maximum\":1000000}"
#define ORG_MEMBERS                                                                    \
	"\"id\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT ",\"customer_id\":" SCHEMA_TEXT \
	",\"created\":" SCHEMA_TEXT ",\"author_may_approve\":" SCHEMA_FLAG             \
	",\"quota_agents\":" SCHEMA_COUNT ",\"quota_calls\":" SCHEMA_COUNT             \
	",\"root_key\":" SCHEMA_NULL_TEXT ",\"attachment_hosts\":" SCHEMA_TEXT
#define ORG SCHEMA_GIVES("\"id\",\"name\",\"customer_id\"", ORG_MEMBERS)

const struct route routes_orgs[] = {
	{ .method = "GET",
	  .operation = "list_orgs",
	  .pattern = "/api/v1/orgs",
	  .summary = "All orgs of this server.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_SERVER,
	  .response = SCHEMA_LIST("orgs", ORG),
	  .handle = get_orgs },
	{ .method = "POST",
	  .operation = "create_org",
	  .pattern = "/api/v1/orgs",
	  .summary = "Makes an org, and the first admin key of it, which is shown once.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_SERVER,
	  .status = 201,
	  .request = SCHEMA_STRICT("\"name\"",
				   "\"name\":" SCHEMA_NAME ",\"quota_agents\":" COUNT_TO_MILLION
				   ",\"quota_calls\":" COUNT_TO_MILLION),
	  .response =
		  SCHEMA_GIVES("\"id\",\"admin_key\"", ORG_MEMBERS ",\"admin_key\":" SCHEMA_TEXT),
	  .example = "{\"name\":\"example\"}",
	  .handle = post_orgs },
	{ .method = "GET",
	  .operation = "get_org",
	  .pattern = "/api/v1/org",
	  .summary = "The org of the key.",
	  .least = ROLE_VIEWER,
	  .response = ORG,
	  .handle = get_org },
	{ .method = "PATCH",
	  .operation = "update_org",
	  .pattern = "/api/v1/org",
	  .summary = "Changes the org of the key.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT(
		  "", "\"name\":" SCHEMA_NAME ",\"quota_agents\":" COUNT_TO_MILLION
		      ",\"quota_calls\":" COUNT_TO_MILLION ",\"author_may_approve\":" SCHEMA_FLAG
		      ",\"root_key\":" SCHEMA_TEXT ",\"attachment_hosts\":{\"type\":\"string\","
		      "\"maxLength\":2000}"),
	  .response = ORG,
	  .example = "{\"name\":\"renamed\"}",
	  .handle = patch_org },
	{ .method = "GET",
	  .operation = "list_organizations",
	  .pattern = "/api/v1/organizations",
	  .summary = "The orgs that the key can see.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("organizations", ORG),
	  .handle = get_organizations },
	{ 0 },
};
