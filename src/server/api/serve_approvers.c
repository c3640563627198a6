/* Who may approve: the list that the org's root key signed, which wardens check as well. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/approvers.h"
#include "identity/key.h"
#include "server/api/exchange.h"
#include "server/api/routes.h"

#define MOST_APPROVERS 56 /* a batch has at most STORE_MAX_STEPS */

static const char list_sql[] = "SELECT name, key, added FROM approvers WHERE org = $1 "
			       "AND removed IS NULL ORDER BY name";
static const char document_sql[] = "SELECT approvers, approvers_sequence FROM orgs WHERE id = $1";
static const char save_sql[] = "UPDATE orgs SET approvers = $2, approvers_sequence = $3, "
			       "author_may_approve = $4 "
			       "WHERE id = $1 AND approvers_sequence < $3";
static const char clear_sql[] =
	"UPDATE approvers SET removed = $2 WHERE org = $1 AND removed IS NULL";
static const char add_sql[] =
	"INSERT INTO approvers (org, name, key, added) VALUES ($1, $2, $3, $4) "
	"ON CONFLICT (org, key) DO UPDATE SET name = excluded.name, removed = NULL";
static const char remove_sql[] = "UPDATE approvers SET removed = $3 WHERE org = $1 AND name = $2 "
				 "AND removed IS NULL";

static const struct column columns[] = {
	{ "name", COLUMN_TEXT },
	{ "key", COLUMN_TEXT },
	{ "added", COLUMN_TIME },
	{ 0 },
};

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *answer = exchange_rows(&result->steps[0], "approvers", columns);
	const char *sealed = store_text_at(&result->steps[1], 0, 0);

	json_put(answer, "document", *sealed ? json_loads(sealed, 0, NULL) : json_null());
	json_put(answer, "sequence", json_integer(store_int_at(&result->steps[1], 0, 1)));
	json_put(answer, "root_key",
		 exchange->caller.org->root_key ? json_string(exchange->caller.org->root_key)
						: json_null());
	exchange_answer(exchange, answer);
}

static void read_list(struct exchange *exchange)
{
	const struct store_step steps[] = {
		STEP(list_sql, STORE_ANY, exchange_org(exchange)),
		STEP(document_sql, STORE_SOME, exchange_org(exchange)),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_list);
}

/* Its agents get the new list now, and their wardens check it. */
static void handle_saved(struct exchange *exchange, const struct store_result *result UNUSED)
{
	hub_set_approvers(exchange->api->hub, exchange->caller.org->id,
			  json_incref(json_object_get(exchange->body, "document")));
	exchange->caller.org->author_may_approve = exchange->data != NULL;
	exchange->failed = NULL;
	read_list(exchange);
}

static void handle_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	read_list(exchange);
}

/* The one expectation that can fail is that of the sequence. */
static void handle_refused(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 409, NULL,
				"a list with this or a higher sequence is in force");
	else
		exchange_fail(exchange, err);
}

static void save(struct exchange *exchange, const struct approvers *approvers)
{
	struct store_value params[MOST_APPROVERS][4];
	struct store_step steps[MOST_APPROVERS + 3];
	const struct store_value org = exchange_org(exchange), now = exchange_now();
	char *text = json_canonical(json_object_get(exchange->body, "document"));
	unsigned n = 0;

	steps[n++] = (struct store_step)STEP(
		save_sql, STORE_SOME, org, store_text(exchange_text(exchange, "%s", text)),
		store_int((int64_t)approvers->sequence), store_int(approvers->author_may_approve));
	steps[n++] = (struct store_step)STEP(clear_sql, STORE_ANY, org, now);
	free(text);
	for (size_t i = 0; i < approvers->n; i++) {
		char *key = exchange_alloc(exchange, KEY_TEXT_BYTES);

		params[i][0] = org;
		params[i][1] = store_text(approvers->list[i].name);
		params[i][2] = store_text(key_text(approvers->list[i].key, key));
		params[i][3] = now;
		steps[n++] = (struct store_step) { add_sql, params[i], 4, STORE_ANY };
	}
	steps[n++] =
		exchange_audit(exchange, "approvers.change", exchange->caller.org->id,
			       json_pack("{s:I, s:i}", "sequence", (json_int_t)approvers->sequence,
					 "n", (int)approvers->n));
	exchange->failed = handle_refused;
	exchange->data = approvers->author_may_approve ? exchange : NULL; /* a flag */
	exchange_submit(exchange, steps, n, handle_saved);
}

static void post_approvers(struct exchange *exchange)
{
	CLEANUP(approvers) struct approvers approvers = { 0 };
	CLEANUP(key) EVP_PKEY *root = NULL;
	const char *text = exchange->caller.org->root_key;
	struct error err = { 0 };
	struct approvers_rule rule = { .org = exchange->caller.org->id, .least_sequence = 1 };

	if (!text) {
		exchange_refuse(exchange, 409, NULL,
				"the org has no root key yet: set root_key with PATCH /api/v1/org");
		return;
	}
	root = key_parse(text, strlen(text), &err);
	rule.root = root;
	if (!root || approvers_verify(json_object_get(exchange->body, "document"), &rule,
				      &approvers, &err) < 0) {
		exchange_refuse(exchange, 403, "forbidden", "the list is refused: %s", err.text);
		return;
	}
	if (approvers.n > MOST_APPROVERS) {
		exchange_refuse(exchange, 400, NULL, "a list has at most %d approvers",
				MOST_APPROVERS);
		return;
	}
	save(exchange, &approvers);
}

/* At once here; wardens refuse him when they get the next signed list. */
static void delete_approver(struct exchange *exchange)
{
	const char *name = exchange->params[0];
	const struct store_step steps[] = {
		STEP(remove_sql, STORE_SOME, exchange_org(exchange), store_text(name),
		     exchange_now()),
		exchange_audit(exchange, "approvers.remove", name, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_removed);
}

#define LIST                                                                                  \
	SCHEMA_GIVES("\"approvers\",\"document\"",                                            \
		     "\"approvers\":{\"type\":\"array\",\"items\":" SCHEMA_GIVES(             \
			     "\"name\",\"key\"",                                              \
			     "\"name\":" SCHEMA_TEXT                                          \
			     ",\"key\":" SCHEMA_TEXT) "},\"document\":{\"type\":[\"object\"," \
						      "\"null\"]},\"sequence\":" SCHEMA_COUNT \
						      ",\"root_key\":" SCHEMA_NULL_TEXT)

const struct route routes_approvers[] = {
	{ .method = "GET",
	  .operation = "list_approvers",
	  .pattern = "/api/v1/approvers",
	  .summary = "Who may approve, and the list as the org's root key signed it.",
	  .least = ROLE_VIEWER,
	  .response = LIST,
	  .handle = read_list },
	{ .method = "POST",
	  .operation = "set_approvers",
	  .pattern = "/api/v1/approvers",
	  .summary = "Puts a list in force that the org's root key signed.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"document\"", "\"document\":{\"type\":\"object\"}"),
	  .response = LIST,
	  .example = "{\"document\":{\"statement\":\"{}\",\"signature\":\"AA==\"}}",
	  .handle = post_approvers },
	{ .method = "DELETE",
	  .operation = "delete_approver",
	  .pattern = "/api/v1/approvers/{name}",
	  .summary = "Takes an approver's power on this server at once.",
	  .least = ROLE_ADMIN,
	  .response = LIST,
	  .handle = delete_approver },
	{ 0 },
};
