/* /artifacts: signed programs, pushed, listed, fetched, revoked and deleted. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "server/artifact/artifact.h"
#include "server/artifact/push.h"
#include "server/artifact/routes.h"

#define LIST_MAX 100

static const char list_sql[] =
	"SELECT " ARTIFACT_COLUMNS ARTIFACT_FROM "WHERE a.org = $1 AND a.id > $2 ORDER BY a.id "
	"LIMIT 101";
static const char one_sql[] =
	"SELECT " ARTIFACT_COLUMNS ARTIFACT_FROM "WHERE a.org = $1 AND a.id = $2";
static const char data_sql[] = "SELECT data, sha256 FROM artifacts WHERE org = $1 AND id = $2 AND "
			       "revoked IS NULL";
static const char revoke_sql[] = "UPDATE artifacts SET revoked = COALESCE(revoked, $3), "
				 "updated = $3 WHERE org = $1 AND id = $2";
static const char unassign_sql[] =
	"DELETE FROM artifact_assignments WHERE org = $1 AND artifact = $2";
static const char delete_sql[] = "DELETE FROM artifacts WHERE org = $1 AND id = $2";

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	const struct store_rows *rows = &result->steps[0];
	unsigned n = rows->n_rows > LIST_MAX ? LIST_MAX : rows->n_rows;
	json_t *list = json_array(), *answer = json_object();

	for (unsigned i = 0; i < n; i++)
		json_push(list, artifact_row(rows, i));
	json_put(answer, "artifacts", list);
	json_put(answer, "total", json_integer(n));
	json_put(answer, "next",
		 rows->n_rows > n ? json_string(store_text_at(rows, n - 1, 0)) : json_null());
	exchange_answer(exchange, answer);
}

static void get_artifacts(struct exchange *exchange)
{
	const char *after = json_get_text(exchange->query, "after", "");

	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange),
						 store_text(after)),
			1, handle_list);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, artifact_row(&result->steps[0], 0));
}

static void handle_last(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, artifact_row(&result->steps[result->n_steps - 1], 0));
}

static void get_artifact(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(one_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

/* What the store has, it got from base64_text(). */
static void handle_data(struct exchange *exchange, const struct store_result *result)
{
	const struct store_value *data = store_at(&result->steps[0], 0, 0);
	const char *tag = exchange_text(exchange, "\"%s\"", store_text_at(&result->steps[0], 0, 1));
	CLEANUP(buf) struct buf bytes = { 0 };

	if (exchange_is_known(exchange, tag))
		return;
	buf_init(&bytes, ARTIFACT_MAX_BYTES);
	if (base64_decode(data->text.data, data->text.len, &bytes) < 0) {
		exchange_refuse(exchange, 500, NULL, "the archive in the store is damaged");
		return;
	}
	exchange_answer_bytes(exchange, "application/zstd",
			      (struct str) { buf_text(&bytes), bytes.len });
}

static void get_binary(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(data_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_data);
}

static void revoke_artifact(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange);
	const struct store_value id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(revoke_sql, STORE_SOME, org, id, exchange_now()),
		exchange_audit(exchange, "artifact.revoke", exchange->params[0], NULL),
		STEP(one_sql, STORE_SOME, org, id),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_last);
}

static void handle_deleted(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}

static void delete_artifact(struct exchange *exchange)
{
	const struct store_value org = exchange_org(exchange);
	const struct store_value id = store_text(exchange->params[0]);
	const struct store_step steps[] = {
		STEP(unassign_sql, STORE_ANY, org, id),
		STEP(delete_sql, STORE_SOME, org, id),
		exchange_audit(exchange, "artifact.delete", exchange->params[0], NULL),
	};

	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_deleted);
}

#define SHORT_TEXT "{\"type\":\"string\",\"maxLength\":1024}"
#define PUSH                                                                                      \
	SCHEMA_GIVES("\"name\",\"version\",\"type\",\"data\"",                                    \
		     "\"name\":" SCHEMA_NAME ",\"version\":" SCHEMA_NAME ",\"type\":" SCHEMA_NAME \
		     ",\"data\":{\"type\":\"string\",\"minLength\":1,\"description\":"            \
		     "\"Base64 of artifact.tar.zst\"},\"description\":" SHORT_TEXT                \
		     ",\"architecture\":" SHORT_TEXT ",\"kernel_version\":" SHORT_TEXT            \
		     ",\"signature\":{\"type\":\"string\",\"maxLength\":2048,\"description\":"    \
		     "\"Base64 of release.json.sig; may lie in metadata too\"}"                   \
		     ",\"metadata\":{\"type\":\"object\",\"description\":\"'release': the "       \
		     "text of release.json, exactly\"},\"tags\":{\"type\":\"array\","             \
		     "\"maxItems\":64,\"items\":" SCHEMA_ID "}")

const struct route routes_artifacts[] = {
	{ .method = "POST",
	  .operation = "push_artifact",
	  .pattern = "/artifacts",
	  .summary = "Keeps a signed program; one that no key of the org has signed is refused.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_TIMED,
	  .status = 201,
	  .max_body_bytes = 2 * MIB,
	  .request = PUSH,
	  .response = ARTIFACT_SCHEMA,
	  .example = "{\"name\":\"egress-drop\",\"version\":\"1.0.0\",\"type\":\"ebpf\",\"data\":"
		     "\"KLUv/Q==\",\"metadata\":{\"release\":\"{}\",\"signature\":\"AA==\"}}",
	  .handle = push_artifact },
	{ .method = "GET",
	  .operation = "list_artifacts",
	  .pattern = "/artifacts",
	  .summary = "The org's signed programs; 'next' is the 'after' of the next page.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED,
	  .query = SCHEMA_OBJECT("\"after\":" SCHEMA_TEXT),
	  .response = SCHEMA_LIST("artifacts", ARTIFACT_SCHEMA),
	  .handle = get_artifacts },
	{ .method = "GET",
	  .operation = "get_artifact",
	  .pattern = "/artifacts/{artifact_id}",
	  .summary = "A signed program, without its bytes.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED,
	  .response = ARTIFACT_SCHEMA,
	  .handle = get_artifact },
	{ .method = "GET",
	  .operation = "get_artifact_binary",
	  .pattern = "/artifacts/{artifact_id}/binary",
	  .summary = "The archive of a signed program, as it was pushed.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED | ROUTE_AGENTS,
	  .type = "application/zstd",
	  .handle = get_binary },
	{ .method = "GET",
	  .operation = "get_binary_of_artifact",
	  .pattern = "/artifacts/binary/{artifact_id}",
	  .summary = "The same, at the path of the documented registry.",
	  .least = ROLE_VIEWER,
	  .flags = ROUTE_TIMED | ROUTE_AGENTS,
	  .type = "application/zstd",
	  .handle = get_binary },
	{ .method = "POST",
	  .operation = "revoke_artifact",
	  .pattern = "/artifacts/{artifact_id}/revoke",
	  .summary = "Takes a signed program from every host that has it, for good.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_TIMED,
	  .response = ARTIFACT_SCHEMA,
	  .handle = revoke_artifact },
	{ .method = "DELETE",
	  .operation = "delete_artifact",
	  .pattern = "/artifacts/{artifact_id}",
	  .summary = "Removes a signed program, with its assignment.",
	  .least = ROLE_ADMIN,
	  .flags = ROUTE_TIMED,
	  .response = SCHEMA_OK,
	  .handle = delete_artifact },
	{ 0 },
};
