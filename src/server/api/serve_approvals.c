/*
 * Approvals: what waits for one, and the signed yes.
 *
 * The warden of the host decides whether an approval holds. The server forwards it, after
 * it has seen that the org knows the approver, that he signed exactly this, and that he is
 * not the one who asked, unless the org allows it.
 */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/approval.h"
#include "identity/approvers.h"
#include "identity/key.h"
#include "identity/statement.h"
#include "server/api/call_row.h"
#include "server/api/routes.h"
#include "server/hub/queue.h"

static const char waiting_sql[] =
	"SELECT id, agent, (SELECT hostname FROM agents WHERE agents.org = calls.org "
	"AND agents.id = calls.agent), tool, caller, risk, created, deadline, args_sha256, meta, "
	"args "
	"FROM calls WHERE org = $1 AND state = 'waiting_approval' "
	"AND (CAST($2 AS TEXT) IS NULL OR id = $2) ORDER BY cursor LIMIT 1000";
static const char call_sql[] = "SELECT agent, tool, args_sha256, caller FROM calls "
			       "WHERE org = $1 AND id = $2 AND state = 'waiting_approval'";
/* What the author signs with, if he told: a second API key makes nobody a second person. */
static const char author_sql[] =
	"SELECT key FROM signing_keys WHERE org = $1 AND EXISTS (SELECT 1 FROM calls "
	"WHERE calls.org = $1 AND calls.id = $2 AND substr(calls.caller, 1, length(api_key) + 1) "
	"= api_key || '/')";
static const char approver_sql[] = "SELECT key FROM approvers WHERE org = $1 AND name = $2 "
				   "AND removed IS NULL";

#define COLUMN_CREATED 6

static const struct column columns[] = {
	{ "call_id", COLUMN_TEXT }, { "agent", COLUMN_TEXT },     { "hostname", COLUMN_TEXT },
	{ "tool", COLUMN_TEXT },    { "caller", COLUMN_TEXT },    { "risk", COLUMN_TEXT },
	{ "created", COLUMN_TIME }, { "deadline", COLUMN_TIME },  { "args_sha256", COLUMN_TEXT },
	{ "meta", COLUMN_JSON },    { "arguments", COLUMN_TEXT }, { 0 },
};

static void handle_waiting(struct exchange *exchange, const struct store_result *result)
{
	json_t *answer = exchange_rows(result->steps, "approvals", columns);
	int64_t now_ns = (int64_t)clock_wall_ns();
	json_t *item;
	size_t i;

	/* By one clock: an approval's life begins when the host asked for it. */
	json_array_foreach(json_object_get(answer, "approvals"), i, item)
	{
		int64_t created_ns = store_int_at(result->steps, (unsigned)i, COLUMN_CREATED);

		json_put(item, "waits_s",
			 json_integer((now_ns - created_ns) / (int64_t)NS_PER_SEC));
	}
	json_put(answer, "org", json_string(exchange->caller.org->id));
	exchange_answer(exchange, answer);
}

static void get_approvals(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(waiting_sql, STORE_ANY, exchange_org(exchange),
						 store_null()),
			1, handle_waiting);
}

static void handle_none(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "no such call waits for an approval");
	else
		exchange_fail(exchange, err);
}

static void get_approval(struct exchange *exchange)
{
	exchange->failed = handle_none;
	exchange_submit(exchange,
			&(struct store_step)STEP(waiting_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_waiting);
}

static void handle_done(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct exchange *exchange = data;

	if (err)
		handle_none(exchange, err);
	else
		exchange_answer(exchange,
				json_pack("{s:b, s:s}", "ok", 1, "call_id", exchange->params[0]));
}

static void forward(struct exchange *exchange)
{
	const struct approval *approval = exchange->data;
	const struct hub_approval given = {
		.org = exchange->caller.org->id,
		.agent = approval->host,
		.call = exchange->params[0],
		.approver = approval->approver,
		.sealed = exchange->body,
	};

	hub_approve(exchange->api->hub, &given, handle_done, exchange);
}

/*
 * "key_id/name" of the call's author against who approves: by API key, signing key or name. Of an
 * access token that names nobody everybody may be the author.
 */
static bool is_author(const struct exchange *exchange, const struct store_rows *author_keys,
		      const char *key, const char *author)
{
	const struct approval *approval = exchange->data;
	const char *slash = strchr(author, '/');
	size_t n_id = slash ? (size_t)(slash - author) : strlen(author);

	if (author_is_nameless(author))
		return true;
	if (strlen(exchange->caller.id) == n_id && memcmp(exchange->caller.id, author, n_id) == 0)
		return true;
	for (unsigned i = 0; i < author_keys->n_rows; i++)
		if (strcmp(store_text_at(author_keys, i, 0), key) == 0)
			return true;
	return slash && strcasecmp(slash + 1, approval->approver) == 0;
}

static bool is_for(const struct exchange *exchange, const struct approval *approval,
		   const struct store_rows *call)
{
	return strcmp(approval->org, exchange->caller.org->id) == 0 &&
	       strcmp(approval->call_id, exchange->params[0]) == 0 &&
	       strcmp(approval->host, store_text_at(call, 0, 0)) == 0 &&
	       strcmp(approval->tool, store_text_at(call, 0, 1)) == 0 &&
	       strcmp(approval->args_sha256, store_text_at(call, 0, 2)) == 0;
}

static int check_signature(const struct exchange *exchange, const char *text, struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = key_parse(text, strlen(text), err);

	return key ? statement_verify(exchange->body, key, err) : err->code;
}

static void handle_call(struct exchange *exchange, const struct store_result *result)
{
	struct approval *approval = exchange->data;
	const struct store_rows *call = &result->steps[0], *approver = &result->steps[1];
	struct store_step audit;
	struct error err = { 0 };

	if (!is_for(exchange, approval, call)) {
		exchange_refuse(exchange, 409, NULL, "this approval is for another call");
	} else if (approver->n_rows == 0) {
		exchange_refuse(exchange, 403, "forbidden", "'%s' is no approver of this org",
				approval->approver);
	} else if (check_signature(exchange, store_text_at(approver, 0, 0), &err) < 0) {
		exchange_refuse(exchange, 403, "forbidden", "the signature does not hold");
	} else if (!exchange->caller.org->author_may_approve &&
		   is_author(exchange, &result->steps[2], store_text_at(approver, 0, 0),
			     store_text_at(call, 0, 3))) {
		exchange_refuse(
			exchange, 403, "forbidden",
			"who asked for it may not approve it, and what an access token asked for "
			"that names nobody none, unless authors may");
	} else {
		audit = exchange_audit(
			exchange, "call.approve", exchange->params[0],
			json_pack("{s:s, s:s, s:s, s:s, s:s}", "approver", approval->approver,
				  "author", store_text_at(call, 0, 3), "agent", approval->host,
				  "tool", approval->tool, "args_sha256", approval->args_sha256));
		exchange_record(exchange, &audit, forward);
	}
}

static void post_approval(struct exchange *exchange)
{
	struct approval *approval = exchange_alloc(exchange, sizeof(*approval));
	struct error err = { 0 };

	if (approval_parse(exchange->body, approval, &err) < 0) {
		exchange_refuse(exchange, 400, NULL, "this is no approval: %s", err.text);
		return;
	}
	exchange->data = approval;
	const struct store_step steps[] = {
		STEP(call_sql, STORE_SOME, exchange_org(exchange), store_text(exchange->params[0])),
		STEP(approver_sql, STORE_ANY, exchange_org(exchange),
		     store_text(approval->approver)),
		STEP(author_sql, STORE_ANY, exchange_org(exchange),
		     store_text(exchange->params[0])),
	};
	exchange->failed = handle_none;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_call);
}

static void deny(struct exchange *exchange)
{
	const struct hub_denial denial = {
		.org = exchange->caller.org->id,
		.call = exchange->params[0],
		.sentence = exchange->data,
	};

	hub_deny(exchange->api->hub, &denial, handle_done, exchange);
}

static void handle_deniable(struct exchange *exchange, const struct store_result *result)
{
	const char *reason = exchange_member(exchange, "reason", "");
	const struct store_step audit =
		exchange_audit(exchange, "call.deny", exchange->params[0],
			       json_pack("{s:s, s:s, s:s, s:s, s:s}", "by", exchange->caller.name,
					 "author", store_text_at(result->steps, 0, 3), "agent",
					 store_text_at(result->steps, 0, 0), "tool",
					 store_text_at(result->steps, 0, 1), "reason", reason));

	exchange->data = (char *)exchange_text(exchange, "%s denied it%s%s", exchange->caller.name,
					       *reason ? ": " : "", reason);
	exchange_record(exchange, &audit, deny);
}

static void post_denial(struct exchange *exchange)
{
	exchange->failed = handle_none;
	exchange_submit(exchange,
			&(struct store_step)STEP(call_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_deniable);
}

#define WAITING                                                                                    \
	SCHEMA_GIVES("\"call_id\",\"agent\",\"tool\",\"args_sha256\",\"arguments\"",               \
		     "\"call_id\":" SCHEMA_TEXT ",\"agent\":" SCHEMA_TEXT ",\"tool\":" SCHEMA_TEXT \
		     ",\"arguments\":" SCHEMA_TEXT ",\"args_sha256\":" SCHEMA_TEXT                 \
		     ",\"hostname\":" SCHEMA_NULL_TEXT ",\"waits_s\":{\"type\":\"integer\"}")

const struct route routes_approvals[] = {
	{ .method = "GET",
	  .operation = "list_approvals",
	  .pattern = "/api/v1/approvals",
	  .summary = "What waits for an approval: the exact bytes, and in 'meta' the nonce.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("approvals", WAITING),
	  .handle = get_approvals },
	{ .method = "GET",
	  .operation = "get_approval",
	  .pattern = "/api/v1/approvals/{call_id}",
	  .summary = "One call that waits for an approval, as the list has it.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("approvals", WAITING),
	  .handle = get_approval },
	{ .method = "POST",
	  .operation = "approve_call",
	  .pattern = "/api/v1/approvals/{call_id}",
	  .summary = "Approves a call with a statement signed by the approver's own key.",
	  .least = ROLE_APPROVER,
	  .request = SCHEMA_STRICT("\"statement\",\"signature\"",
				   "\"statement\":" SCHEMA_TEXT ",\"signature\":" SCHEMA_TEXT),
	  .response = SCHEMA_GIVES("\"ok\"", "\"ok\":" SCHEMA_FLAG ",\"call_id\":" SCHEMA_TEXT),
	  .example = "{\"statement\":\"{}\",\"signature\":\"AA==\"}",
	  .handle = post_approval },
	{ .method = "POST",
	  .operation = "deny_call",
	  .pattern = "/api/v1/approvals/{call_id}/deny",
	  .summary = "Refuses a call that waits for an approval: its outcome is denied.",
	  .least = ROLE_APPROVER,
	  .request = SCHEMA_STRICT("", "\"reason\":{\"type\":\"string\",\"maxLength\":500}"),
	  .response = SCHEMA_GIVES("\"ok\"", "\"ok\":" SCHEMA_FLAG ",\"call_id\":" SCHEMA_TEXT),
	  .example = "{\"reason\":\"not during the day\"}",
	  .handle = post_denial },
	{ 0 },
};
