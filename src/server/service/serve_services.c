/* Services: each is one document, taken and given whole. */
#include <errno.h>

#include "server/api/document.h"
#include "server/service/routes.h"
#include "server/pipeline/service.h"

static const char list_sql[] = "SELECT document, created, changed, changed_by FROM services "
			       "WHERE org = $1 ORDER BY name LIMIT 256";
static const char get_sql[] = "SELECT document, created, changed, changed_by FROM services "
			      "WHERE org = $1 AND name = $2";
static const char named_sql[] = "SELECT name FROM services WHERE org = $1 AND name = $2";
/* 256: SERVICE_MAX_PER_ORG */
static const char save_sql[] =
	"INSERT INTO services (org, name, created, changed, changed_by, document) "
	"SELECT id, CAST($2 AS TEXT), CAST($3 AS BIGINT), CAST($3 AS BIGINT), CAST($4 AS TEXT), "
	"CAST($5 AS TEXT) FROM orgs WHERE id = $1 AND (256 > (SELECT count(*) FROM services "
	"WHERE org = $1) OR EXISTS (SELECT 1 FROM services WHERE org = $1 AND name = $2)) "
	"ON CONFLICT (org, name) DO UPDATE SET changed = excluded.changed, "
	"changed_by = excluded.changed_by, document = excluded.document "
	"RETURNING document, created, changed, changed_by";
static const char delete_sql[] = "DELETE FROM services WHERE org = $1 AND name = $2";

static void handle_list(struct exchange *exchange, const struct store_result *result)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < result->steps[0].n_rows; i++)
		json_push(list, document_row(&result->steps[0], i));
	exchange_answer(exchange, json_pack("{s:o}", "services", list));
}

static void get_services(struct exchange *exchange)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(list_sql, STORE_ANY, exchange_org(exchange)), 1,
			handle_list);
}

static void handle_missing(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "there is no service '%.128s'",
				exchange->params[0]);
	else
		exchange_fail(exchange, err);
}

static void handle_one(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, document_row(&result->steps[0], 0));
}

static void get_service(struct exchange *exchange)
{
	exchange->failed = handle_missing;
	exchange_submit(exchange,
			&(struct store_step)STEP(get_sql, STORE_SOME, exchange_org(exchange),
						 store_text(exchange->params[0])),
			1, handle_one);
}

static void handle_not_saved(struct exchange *exchange, const struct error *err)
{
	if (err->code == -EEXIST)
		exchange_refuse(exchange, 409, NULL, "a service of this name is there");
	else if (err->code == -ENOENT && !exchange->params[0][0])
		exchange_refuse(exchange, 409, NULL, "an org has at most %d services",
				SERVICE_MAX_PER_ORG);
	else
		handle_missing(exchange, err);
}

static void handle_saved(struct exchange *exchange, const struct store_result *result)
{
	exchange_answer(exchange, document_row(&result->steps[1], 0));
}

/* The body as the store has it, or NULL: it was refused. */
static const char *read_body(struct exchange *exchange)
{
	struct service service = { 0 };
	struct error err = { 0 };
	CLEANUP(text) char *canonical = NULL;

	if (service_parse(exchange->body, &service, &err) < 0) {
		exchange_refuse(exchange, 400, "bad_request", "the body: %s", err.text);
		return NULL;
	}
	canonical = json_canonical(service.document);
	service_finish(&service);
	return exchange_text(exchange, "%s", canonical);
}

/* 'before' is what has to be true of the rows that have its name. */
static void save(struct exchange *exchange, const char *action, enum store_expect before)
{
	const char *name = exchange_member(exchange, "name", ""), *document = read_body(exchange);

	if (!document)
		return;
	exchange->failed = handle_not_saved;
	const struct store_step steps[] = {
		STEP(named_sql, before, exchange_org(exchange), store_text(name)),
		STEP(save_sql, STORE_SOME, exchange_org(exchange), store_text(name), exchange_now(),
		     store_text(exchange_actor(exchange)), store_text(document)),
		exchange_audit(exchange, action, name, json_incref(exchange->body)),
	};
	exchange_submit(exchange, steps, ARRAY_LEN(steps), handle_saved);
}

static void post_services(struct exchange *exchange)
{
	save(exchange, "service.create", STORE_NONE);
}

static void put_service(struct exchange *exchange)
{
	if (document_take_name(exchange))
		save(exchange, "service.change", STORE_SOME);
}

static void delete_service(struct exchange *exchange)
{
	const char *name = exchange->params[0];
	const struct store_step steps[] = {
		STEP(delete_sql, STORE_SOME, exchange_org(exchange), store_text(name)),
		exchange_audit(exchange, "service.remove", name, NULL),
	};

	exchange->failed = handle_missing;
	exchange_submit(exchange, steps, ARRAY_LEN(steps), document_removed);
}

#define SHOWN                                                                                 \
	SCHEMA_GIVES("\"name\",\"criticality\",\"owner\",\"runbook\",\"matchers\",\"hosts\"," \
		     "\"depends_on\"",                                                        \
		     "\"name\":" SCHEMA_NAME "," SERVICE_MEMBERS ",\"created\":" SCHEMA_TEXT  \
		     ",\"changed\":" SCHEMA_TEXT ",\"changed_by\":" SCHEMA_TEXT)

const struct route routes_services[] = {
	{ .method = "GET",
	  .operation = "list_services",
	  .pattern = "/api/v1/services",
	  .summary = "The org's services, by name.",
	  .least = ROLE_VIEWER,
	  .response = SCHEMA_LIST("services", SHOWN),
	  .handle = get_services },
	{ .method = "POST",
	  .operation = "create_service",
	  .pattern = "/api/v1/services",
	  .summary = "Makes a service.",
	  .least = ROLE_ADMIN,
	  .status = 201,
	  .max_body_bytes = SERVICE_MAX_BYTES,
	  .request = SCHEMA_STRICT("\"name\"", "\"name\":" SCHEMA_NAME "," SERVICE_MEMBERS),
	  .response = SHOWN,
	  .example =
		  "{\"name\":\"shop\",\"criticality\":\"critical\",\"depends_on\":[\"database\"]}",
	  .handle = post_services },
	{ .method = "GET",
	  .operation = "get_service",
	  .pattern = "/api/v1/services/{service}",
	  .summary = "One service.",
	  .least = ROLE_VIEWER,
	  .response = SHOWN,
	  .handle = get_service },
	{ .method = "PUT",
	  .operation = "set_service",
	  .pattern = "/api/v1/services/{service}",
	  .summary = "Makes this the whole of the service of that name.",
	  .least = ROLE_ADMIN,
	  .max_body_bytes = SERVICE_MAX_BYTES,
	  .request = SCHEMA_STRICT("", "\"name\":" SCHEMA_NAME "," SERVICE_MEMBERS),
	  .response = SHOWN,
	  .example = "{\"criticality\":\"critical\",\"runbook\":\"https://wiki.example.org/shop\","
		     "\"matchers\":[\"team=shop\"],\"depends_on\":[\"database\"]}",
	  .handle = put_service },
	{ .method = "DELETE",
	  .operation = "delete_service",
	  .pattern = "/api/v1/services/{service}",
	  .summary = "Removes a service.",
	  .least = ROLE_ADMIN,
	  .response = SCHEMA_OK,
	  .handle = delete_service },
	{ 0 },
};
