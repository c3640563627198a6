/* Who vouches for a newcomer: the lookup of tokens and keys, and what they allow. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/enrol/newcomer.h"
#include "server/org/network.h"

static const char token_sql[] =
	"SELECT t.org, t.id, '', t.network, t.labels, "
	"(SELECT count(*) FROM agents a WHERE a.org = t.org AND a.revoked IS NULL) "
	"FROM tokens t WHERE t.hash = $1 "
	"AND t.kind IN ('provisioning', 'static', 'install', 'device') AND t.revoked IS NULL "
	"AND (t.expires IS NULL OR t.expires > $2) AND (t.uses_left IS NULL OR t.uses_left > 0)";
static const char key_sql[] =
	"SELECT k.org, k.id, k.role, '', '', "
	"(SELECT count(*) FROM agents a WHERE a.org = k.org AND a.revoked IS NULL) "
	"FROM api_keys k WHERE k.hash = $1 AND k.role <> 'agent' AND k.revoked IS NULL "
	"AND (k.expires IS NULL OR k.expires > $2)";

static void ask(struct voucher_query *query, const char *text, const char *sql)
{
	(void)token_hash(text, strlen(text), query->hash);
	query->params[0] = store_text(query->hash);
	query->params[1] = store_int((int64_t)clock_wall_ns());
	query->step = (struct store_step) { sql, query->params, 2, STORE_ANY };
}

void voucher_ask_token(struct voucher_query *query, const char *text)
{
	ask(query, text, token_sql);
}

void voucher_ask_key(struct voucher_query *query, const char *text)
{
	ask(query, text, key_sql);
}

void voucher_finish(struct voucher *voucher)
{
	free(voucher->labels);
	voucher->labels = NULL;
}

/* A key enrols hosts with its customer id: one that is made for it, or an admin's. */
static int check_key(const struct voucher_rule *rule, const struct store_rows *rows,
		     const struct org *org, struct error *err)
{
	enum token_kind kind;
	enum role role = ROLE_NONE;

	if (rule->customer && strcasecmp(rule->customer, org->customer_id) != 0)
		return error_set(err, -EACCES, "key and customer id do not belong together");
	if (token_find_kind(rule->key, strlen(rule->key), &kind) && kind == TOKEN_CUSTOMER_KEY)
		return 0;
	if (role_from_name(store_text_at(rows, 0, 2), &role) && role == ROLE_ADMIN)
		return 0;
	return error_set(err, -EACCES, "this key may not enrol hosts");
}

int voucher_read(const struct voucher_rule *rule, const struct store_rows *rows,
		 struct voucher *voucher_out, struct error *err)
{
	struct org *org;
	int r = 0;

	org = rows->n_rows ? orgs_find(rule->api->orgs, store_text_at(rows, 0, 0)) : NULL;
	if (!org)
		return error_set(err, -ENOENT,
				 "this %s is unknown, used up, revoked or expired: ask for another",
				 rule->key ? "key" : "token");
	if (rule->key)
		r = check_key(rule, rows, org, err);
	else if (!network_has(store_text_at(rows, 0, 3), rule->address))
		r = error_set(err, -EACCES, "this token is not for hosts at %s", rule->address);
	if (r < 0)
		return r;
	if (store_int_at(rows, 0, 5) >= org->quota_agents)
		return error_set(err, -EDQUOT, "org '%s' has its %lld agents already", org->name,
				 (long long)org->quota_agents);
	*voucher_out = (struct voucher) { .org = org, .is_key = rule->key != NULL };
	text_format(voucher_out->id, sizeof(voucher_out->id), "%s", store_text_at(rows, 0, 1));
	voucher_out->labels = strdup(store_text_at(rows, 0, 4));
	if (!voucher_out->labels)
		abort();
	return 0;
}
