#include <stdlib.h>

#include "base/log.h"
#include "server/server.h"

const char server_orgs_sql[] = "SELECT " ORGS_COLUMNS " FROM orgs WHERE id >= $1 ORDER BY created";

static const char count_sql[] = "SELECT CAST(COUNT(*) AS BIGINT), CAST(COALESCE(SUM(version), 0) "
				"AS BIGINT) FROM orgs WHERE id >= $1";
static const char share_sql[] = "UPDATE orgs SET ca = $2, version = version + 1 WHERE id = $1 AND "
				"ca IS NULL";

static void handle_rows(const struct store_result *result, const struct error *err, void *data)
{
	struct server *server = data;
	struct server_news *news = &server->news;
	struct error why = { 0 };

	news->is_under_way = false;
	if (err) {
		news->n = 0; /* the next beat tries again */
		return;
	}
	for (unsigned i = 0; i < result->steps[0].n_rows; i++)
		if (!orgs_add_row(server->api.orgs, &result->steps[0], i, &why))
			log_error("an org of another server is not served here: %s", why.text);
	if (news->must_look)
		server_orgs_look(server);
}

void server_orgs_look(struct server *server)
{
	const struct store_value first = store_text("");
	const struct store_step step = { server_orgs_sql, &first, 1, STORE_ANY };

	if (!server->api.orgs->n || server->is_closing)
		return; /* they are about to be read, or not any more */
	server->news.must_look = server->news.is_under_way;
	if (server->news.is_under_way)
		return;
	server->news.is_under_way = true;
	(void)store_submit(
		server->api.store,
		&(struct store_batch) { .org = STORE_EVERY_ORG, .steps = &step, .n_steps = 1 },
		handle_rows, server);
}

static void handle_shared(const struct store_result *result UNUSED, const struct error *err,
			  void *data UNUSED)
{
	if (err)
		log_warn("the CA of an org is not shared with other servers yet: %s", err->text);
}

static void share(struct server *server, const char *id)
{
	CLEANUP(text) char *sealed = NULL;
	struct error err = { 0 };
	struct store_value values[2];
	const struct store_step step = { share_sql, values, ARRAY_LEN(values), STORE_ANY };

	if (orgs_seal_ca(server->api.orgs, id, &sealed, &err) < 0) {
		log_error("%s", err.text);
		return;
	}
	if (!sealed)
		return;
	values[0] = store_text(id);
	values[1] = store_text(sealed);
	(void)store_submit(server->api.store,
			   &(struct store_batch) {
				   .org = id, .steps = &step, .n_steps = 1, .notice = ORGS_NOTICE },
			   handle_shared, NULL);
}

void server_orgs_share(struct server *server, const struct store_rows *rows)
{
	for (unsigned i = 0; i < rows->n_rows; i++)
		if (store_at(rows, i, 9)->kind == STORE_NULL)
			share(server, store_text_at(rows, i, 0));
}

struct store_step server_orgs_step(void)
{
	static const struct store_value first = { .kind = STORE_TEXT, .text = { "", 0 } };

	return (struct store_step) { count_sql, &first, 1, STORE_SOME };
}

void server_orgs_compare(struct server *server, const struct store_rows *rows)
{
	struct server_news *news = &server->news;
	int64_t n = store_int_at(rows, 0, 0), version = store_int_at(rows, 0, 1);

	if (n == news->n && version == news->version)
		return;
	news->n = n;
	news->version = version;
	server_orgs_look(server);
}
