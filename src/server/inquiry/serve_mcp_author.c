/* Who may decide what an investigation does: somebody else than who asked for it. */
#include <string.h>

#include "identity/approvers.h"
#include "server/api/exchange.h"
#include "server/inquiry/routes.h"

/* By what was told at his login, if that is listed. */
static const char names_sql[] =
	"SELECT name FROM approvers WHERE org = $1 AND removed IS NULL AND key IN (SELECT key "
	"FROM signing_keys WHERE org = $1 AND api_key = $2)";
static const char keys_sql[] =
	"SELECT api_key FROM signing_keys WHERE org = $1 AND key IN (SELECT key FROM signing_keys "
	"WHERE org = $1 AND api_key = $2)";

enum known {
	KNOWN_NAMES,
	KNOWN_KEYS,
};

void inquiry_author_steps(const struct exchange *exchange, struct store_value values[2],
			  struct store_step steps[INQUIRY_AUTHOR_STEPS])
{
	values[0] = exchange_org(exchange);
	values[1] = store_text(exchange->caller.id);
	steps[KNOWN_NAMES] = (struct store_step) { names_sql, values, 2, STORE_ANY };
	steps[KNOWN_KEYS] = (struct store_step) { keys_sql, values, 2, STORE_ANY };
}

static bool is_id(const char *id, const char *author, size_t n_id)
{
	return strlen(id) == n_id && memcmp(id, author, n_id) == 0;
}

bool inquiry_is_author(const struct exchange *exchange, const char *author,
		       const struct store_rows known[INQUIRY_AUTHOR_STEPS])
{
	const struct store_rows *names = &known[KNOWN_NAMES], *keys = &known[KNOWN_KEYS];
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
