/* What MCP servers of others need of people: looked up, given on; and who may decide it. */
#include <errno.h>
#include <string.h>

#include "identity/approvers.h"
#include "server/api/exchange.h"
#include "server/inquiry/serve_mcp.h"

static const char open_sql[] =
	"SELECT a.id, a.investigation, i.caller, a.asked, a.expires, a.data FROM appeals a JOIN "
	"investigations i ON i.org = a.org AND i.id = a.investigation WHERE a.org = $1 AND "
	"a.kind = $2 AND a.state = 'open' AND a.expires > $3 AND (CAST($4 AS TEXT) IS NULL OR "
	"a.id = $4) ORDER BY a.asked, a.id LIMIT 256";

/* By what was told at his login, if that is listed. */
static const char names_sql[] =
	"SELECT name FROM approvers WHERE org = $1 AND removed IS NULL AND key IN (SELECT key "
	"FROM signing_keys WHERE org = $1 AND api_key = $2)";
static const char keys_sql[] =
	"SELECT api_key FROM signing_keys WHERE org = $1 AND key IN (SELECT key FROM signing_keys "
	"WHERE org = $1 AND api_key = $2)";

#define AT_CALLER 2

enum {
	FOUND,
	KNOWN_NAMES,
	KNOWN_KEYS,
	N_STEPS,
};

void mcp_open_list(struct exchange *exchange, const char *kind, exchange_done *done)
{
	exchange_submit(exchange,
			&(struct store_step)STEP(open_sql, STORE_ANY, exchange_org(exchange),
						 store_text(kind), exchange_now(), store_null()),
			1, done);
}

static void handle_missing(struct exchange *exchange, const struct error *err)
{
	if (err->code == -ENOENT)
		exchange_refuse(exchange, 404, NULL, "nothing of that id waits for a person");
	else
		exchange_fail(exchange, err);
}

void mcp_open_find(struct exchange *exchange, const char *kind, exchange_done *done)
{
	const struct store_value of_caller[] = {
		exchange_org(exchange),
		store_text(exchange->caller.id),
	};
	const struct store_step steps[N_STEPS] = {
		[FOUND] = STEP(open_sql, STORE_SOME, exchange_org(exchange), store_text(kind),
			       exchange_now(), store_text(exchange->params[0])),
		[KNOWN_NAMES] = { names_sql, of_caller, ARRAY_LEN(of_caller), STORE_ANY },
		[KNOWN_KEYS] = { keys_sql, of_caller, ARRAY_LEN(of_caller), STORE_ANY },
	};

	exchange->failed = handle_missing;
	exchange_submit(exchange, steps, N_STEPS, done);
}

static void handle_given(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct exchange *exchange = data;

	if (err) {
		handle_missing(exchange, err);
		return;
	}
	exchange_recorded(exchange);
	exchange_answer(exchange, json_pack("{s:b, s:s}", "ok", 1, "id", exchange->params[0]));
}

void mcp_open_give(struct exchange *exchange, enum appeal_say say, const char *text,
		   const struct store_step *record)
{
	appeal_give(exchange->api->inquiries, &(struct appeal_answer) {
						      .org = exchange->caller.org->id,
						      .id = exchange->params[0],
						      .say = say,
						      .text = text,
						      .by = exchange->caller.name,
						      .record = record,
						      .done = handle_given,
						      .data = exchange,
					      });
}

static bool is_id(const char *id, const char *author, size_t n_id)
{
	return strlen(id) == n_id && memcmp(id, author, n_id) == 0;
}

bool mcp_open_is_own(const struct exchange *exchange, const struct store_result *result)
{
	const char *author = store_text_at(&result->steps[FOUND], 0, AT_CALLER);
	const struct store_rows *names = &result->steps[KNOWN_NAMES];
	const struct store_rows *keys = &result->steps[KNOWN_KEYS];
	size_t n_id = strcspn(author, "/");
	const char *name = author[n_id] ? author + n_id + 1 : NULL;

	if (exchange->caller.org->author_may_approve)
		return false;
	if (author_is_nameless(author) || (author_is_person(author) && names->n_rows == 0))
		return true;
	if (is_id(exchange->caller.id, author, n_id) ||
	    (name && strcasecmp(name, exchange->caller.name) == 0))
		return true;
	for (unsigned i = 0; i < keys->n_rows; i++)
		if (is_id(store_text_at(keys, i, 0), author, n_id))
			return true;
	for (unsigned i = 0; name && i < names->n_rows; i++)
		if (strcasecmp(name, store_text_at(names, i, 0)) == 0)
			return true;
	return false;
}
