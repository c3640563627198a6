/* Destinations: made, listed, changed, removed. No answer holds a secret. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/api/exchange.h"
#include "server/notify/kind.h"
#include "server/notify/outbox_internal.h"
#include "server/notify/routes.h"
#include "server/org/vault.h"

#define COLUMNS "id, kind, name, created, created_by, secrets, config"

static const char list_sql[] = "SELECT " COLUMNS " FROM destinations WHERE org = $1 "
			       "AND removed IS NULL ORDER BY name, id LIMIT 1000";
static const char one_sql[] = "SELECT " COLUMNS " FROM destinations WHERE org = $1 AND id = $2 "
			      "AND removed IS NULL";
static const char room_sql[] =
	"SELECT CAST(1 AS BIGINT) FROM (SELECT count(*) AS n FROM destinations WHERE org = $1 "
	"AND removed IS NULL) d WHERE d.n >= $2";
static const char insert_sql[] =
	"INSERT INTO destinations (org, id, kind, name, created, created_by, follow_up, secrets, "
	"config, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING " COLUMNS;
static const char change_sql[] =
	"UPDATE destinations SET follow_up = $4, secrets = $5, config = $6, sealed = $7 "
	"WHERE org = $1 AND id = $2 AND kind = $3 AND removed IS NULL RETURNING " COLUMNS;
static const char remove_sql[] =
	"UPDATE destinations SET removed = $3, sealed = '', secrets = '[]' WHERE org = $1 "
	"AND id = $2 AND removed IS NULL";
static const char pipelines_sql[] = "SELECT name, document FROM pipelines WHERE org = $1 ORDER BY "
				    "position, name LIMIT 257";
static const char end_sql[] =
	"UPDATE deliveries SET state = 'failed', finished = $3, error = 'the destination was "
	"removed' WHERE org = $1 AND destination = $2 AND state = 'waiting'";

static const struct column columns[] = {
	{ "id", COLUMN_TEXT },         { "kind", COLUMN_TEXT },
	{ "name", COLUMN_TEXT },       { "created", COLUMN_TIME },
	{ "created_by", COLUMN_TEXT }, { "secrets", COLUMN_JSON },
	{ "config", COLUMN_JSON },     { 0 },
};

/* What is stored of a body; the texts live as long as the exchange. */
struct wish {
	const struct kind *kind;
	const char *config, *secrets, *sealed, *follow_up;
};

static const char *keep(struct exchange *exchange, char *text)
{
	const char *kept = exchange_text(exchange, "%s", text);

	explicit_bzero(text, strlen(text));
	free(text);
	return kept;
}

/* The names of what is secret, so that people see what is set. */
static const char *names_of(struct exchange *exchange, const json_t *secret)
{
	CLEANUP(json) json_t *names = json_array();
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)secret, name, value)
		json_push(names, json_string(name));
	return keep(exchange, json_canonical(names));
}

/* False where it has been refused. */
static bool read_wish(struct exchange *exchange, const char *id, struct wish *wish)
{
	CLEANUP(json) json_t *none = json_object();
	const json_t *config = json_object_get(exchange->body, "config");
	const json_t *secret = json_object_get(exchange->body, "secret");
	const struct vault *vault = exchange->api->outbox->config.vault;
	const char *use = exchange_text(exchange, "destination/%s", id), *plain;
	struct error err = { 0 };

	config = config ? config : none;
	secret = secret ? secret : none;
	wish->kind = kind_find(exchange_member(exchange, "kind", ""));
	if (!wish->kind || kind_check(wish->kind, config, secret, &err) < 0) {
		exchange_refuse(exchange, 400, NULL, "%s",
				wish->kind ? err.text : "there is no such kind");
		return false;
	}
	plain = keep(exchange, json_canonical(secret));
	wish->sealed = keep(exchange,
			    vault_seal(vault, exchange->caller.org->id, use, plain, strlen(plain)));
	wish->config = keep(exchange, json_canonical(config));
	wish->secrets = names_of(exchange, secret);
	wish->follow_up = wish->kind->follow_up ? wish->kind->follow_up(config, secret) : NULL;
	return true;
}

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_rows(result->steps, "destinations", columns));
}

static void get_destinations(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(result->steps, 0, columns));
}

static void get_destination(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void handle_made(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, exchange_row(&result->steps[1], 0, columns));
}

static void handle_not_made(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL,
				"there is a destination of this name, or %d in all",
				OUTBOX_MAX_DESTINATIONS);
	else
		exchange_fail(exchange, err);
}

static void post_destinations(struct exchange *exchange)
{
	char nonce[NONCE_TEXT_BYTES];
	const char *id = exchange_text(exchange, "dst_%.20s", nonce_make(nonce));
	const char *name = exchange_member(exchange, "name", "");
	struct wish wish;

	if (!read_wish(exchange, id, &wish))
		return;
	const struct store_step steps[] = {
		STEP(room_sql, STORE_NONE, exchange_org(exchange),
		     store_int(OUTBOX_MAX_DESTINATIONS)),
		STEP(insert_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_text(wish.kind->name), store_text(name), exchange_now(),
		     store_text(exchange_actor(exchange)), store_text(wish.follow_up),
		     store_text(wish.secrets), store_text(wish.config), store_text(wish.sealed)),
		exchange_audit(exchange, "destination.create", id,
			       json_pack("{s:s, s:s}", "kind", wish.kind->name, "name", name)),
	};
	exchange->failed = handle_not_made;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_made);
}

static void put_destination(struct exchange *exchange)
{
	const char *id = exchange->params[0];
	struct wish wish;

	if (!read_wish(exchange, id, &wish))
		return;
	const struct store_step steps[] = {
		STEP(change_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     store_text(wish.kind->name), store_text(wish.follow_up),
		     store_text(wish.secrets), store_text(wish.config), store_text(wish.sealed)),
		exchange_audit(exchange, "destination.change", id, NULL),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_one);
}

static void handle_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static bool is_named(const json_t *list, const char *id, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *text = json_string_value(one);

		if (text && (strcmp(text, id) == 0 || strcmp(text, name) == 0))
			return true;
	}
	return false;
}

/* A pipeline would tell nobody, and nobody would know. */
static bool is_in_use(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *pipelines = &result->steps[1];
	const char *name = store_text_at(&result->steps[0], 0, 2);

	for (unsigned row = 0; row < pipelines->n_rows; row++) {
		CLEANUP(json)
		json_t *document = json_loads(store_text_at(pipelines, row, 1), 0, NULL);

		if (!is_named(json_object_get(document, "destinations"), exchange->params[0], name))
			continue;
		exchange_refuse(exchange, 409, NULL,
				"the pipeline '%.128s' names it: take it out of its destinations "
				"first",
				store_text_at(pipelines, row, 0));
		return true;
	}
	return false;
}

static void handle_users(struct exchange *exchange, const struct store_result *result)
{
	const char *id = exchange->params[0];

	if (is_in_use(exchange, result))
		return;
	const struct store_step steps[] = {
		STEP(remove_sql, STORE_SOME, exchange_org(exchange), store_text(id),
		     exchange_now()),
		STEP(end_sql, STORE_ANY, exchange_org(exchange), store_text(id), exchange_now()),
		exchange_audit(exchange, "destination.remove", id, NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_removed);
}

static void delete_destination(struct exchange *exchange)
{
	const struct store_step steps[] = {
		STEP(one_sql, STORE_SOME, exchange_org(exchange), store_text(exchange->params[0])),
		STEP(pipelines_sql, STORE_ANY, exchange_org(exchange)),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_users);
}

#define KINDS "{\"enum\":[\"mail\",\"pagerduty\",\"slack\",\"teams\",\"webhook\"]}"
#define OPEN_OBJECT "{\"type\":\"object\"}"
#define WISH "\"kind\":" KINDS ",\"config\":" OPEN_OBJECT ",\"secret\":" OPEN_OBJECT
#define MEMBERS                                                                                 \
	"\"id\":" SCHEMA_TEXT ",\"kind\":" SCHEMA_TEXT ",\"name\":" SCHEMA_TEXT                 \
	",\"created\":" SCHEMA_TEXT ",\"created_by\":" SCHEMA_TEXT ",\"secrets\":" SCHEMA_TEXTS \
	",\"config\":" OPEN_OBJECT
#define ROW SCHEMA_GIVES("\"id\",\"kind\",\"name\",\"secrets\",\"config\"", MEMBERS)

const struct route routes_destinations[] = {
	{ .method = "GET",
	  .operation = "list_destinations",
	  .pattern = "/api/v1/destinations",
	  .summary = "Where reports go, without the secrets.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("destinations", ROW),
	  .handle = get_destinations },
	{ .method = "POST",
	  .operation = "create_destination",
	  .pattern = "/api/v1/destinations",
	  .summary = "Makes a destination; what config and secret hold is the kind's.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .request = SCHEMA_STRICT("\"kind\",\"name\"", "\"name\":" SCHEMA_NAME "," WISH),
	  .response = ROW,
	  .example = "{\"kind\":\"webhook\",\"name\":\"example\",\"config\":"
		     "{\"url\":\"https://hooks.example.org/constable\"},\"secret\":{\"key\":"
		     "\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"}}",
	  .handle = post_destinations },
	{ .method = "GET",
	  .operation = "get_destination",
	  .pattern = "/api/v1/destinations/{destination_id}",
	  .summary = "One destination, without its secrets.",
	  .least = ROLE_VIEWER,
	  .response = ROW,
	  .handle = get_destination },
	{ .method = "PUT",
	  .operation = "set_destination",
	  .pattern = "/api/v1/destinations/{destination_id}",
	  .summary = "Gives a destination another config and secret, whole; its kind stays.",
	  .least = ROLE_ADMIN,
	  .request = SCHEMA_STRICT("\"kind\"", WISH),
	  .response = ROW,
	  .example = "{\"kind\":\"teams\",\"secret\":{\"url\":\"https://flow.example.org/x\"}}",
	  .handle = put_destination },
	{ .method = "DELETE",
	  .operation = "delete_destination",
	  .pattern = "/api/v1/destinations/{destination_id}",
	  .summary = "Removes a destination that no pipeline names, and its secrets; what waits "
		     "for it "
		     "fails.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_destination },
	{ 0 },
};
