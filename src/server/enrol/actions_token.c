#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "server/enrol/actions.h"

#define SECOND_NS ((int64_t)NS_PER_SEC)

static const char access_sql[] =
	"INSERT INTO api_keys (org, id, name, role, hash, created, expires) "
	"VALUES ($1, $2, $3, 'agent', $4, $5, $6)";
static const char refresh_sql[] =
	"INSERT INTO tokens (org, id, kind, hash, created, expires, created_by, name) "
	"VALUES ($1, $2, 'refresh', $4, $5, $6, $3, '')";
static const char find_sql[] =
	"SELECT t.org, t.created_by, t.id FROM tokens t "
	"JOIN agents a ON a.org = t.org AND a.id = t.created_by "
	"WHERE t.hash = $1 AND t.kind = 'refresh' AND t.revoked IS NULL AND t.expires > $2 "
	"AND a.revoked IS NULL";
/* Used once: whoever copied it and comes second gets nothing. */
static const char spend_sql[] =
	"UPDATE tokens SET revoked = $3 WHERE org = $1 AND id = $2 AND revoked IS NULL";
static const char upkeep_sql[] =
	"DELETE FROM api_keys WHERE org = $1 AND role = 'agent' AND name = $2 AND expires < $3";

static void fill(struct action_tokens *tokens, unsigned i, const char *org, const char *agent)
{
	const struct credential *made = i ? &tokens->refresh : &tokens->access;
	int64_t now = (int64_t)clock_wall_ns();
	int64_t life_s = i ? ACTION_REFRESH_S : ACTION_ACCESS_S;

	tokens->params[i][0] = store_text(org);
	tokens->params[i][1] = store_text(made->id);
	tokens->params[i][2] = store_text(agent);
	tokens->params[i][3] = store_text(made->hash);
	tokens->params[i][4] = store_int(now);
	tokens->params[i][5] = store_int(now + life_s * SECOND_NS);
}

void action_tokens_make(struct action_tokens *tokens, const char *org, const char *agent,
			struct store_step steps_out[ACTION_TOKEN_STEPS])
{
	credential_make(TOKEN_API_KEY, &tokens->access);
	credential_make(TOKEN_DEVICE, &tokens->refresh);
	fill(tokens, 0, org, agent);
	fill(tokens, 1, org, agent);
	steps_out[0] = (struct store_step) { access_sql, tokens->params[0], 6, STORE_ANY };
	steps_out[1] = (struct store_step) { refresh_sql, tokens->params[1], 6, STORE_ANY };
}

json_t *action_tokens_answer(const struct action_tokens *tokens, const char *agent)
{
	return json_pack("{s:s, s:s, s:s, s:i, s:i, s:s}", "access_token",
			 tokens->access.token.text, "refresh_token", tokens->refresh.token.text,
			 "token_type", "Bearer", "expires_in", ACTION_ACCESS_S,
			 "refresh_token_expires_in", ACTION_REFRESH_S, "agent_id", agent);
}

struct refreshing {
	struct action_tokens tokens;
	char agent[CERTIFICATE_ID_BYTES], id[CERTIFICATE_ID_BYTES];
};

static bool renews(const struct exchange *exchange)
{
	return strcmp(exchange_member(exchange, "action", ""), "renew-refresh-token") == 0;
}

static void handle_made(struct exchange *exchange, const struct store_result *result UNUSED)
{
	struct refreshing *refreshing = exchange->data;
	json_t *answer = action_tokens_answer(&refreshing->tokens, refreshing->agent);

	if (!renews(exchange))
		(void)json_object_del(answer, "refresh_token");
	exchange_answer(exchange, answer);
}

static void make_tokens(struct exchange *exchange, const struct store_rows *rows)
{
	struct refreshing *refreshing = exchange_alloc(exchange, sizeof(*refreshing));
	struct store_step made[ACTION_TOKEN_STEPS];
	const char *org = store_text_at(rows, 0, 0);

	text_format(refreshing->agent, sizeof(refreshing->agent), "%s", store_text_at(rows, 0, 1));
	text_format(refreshing->id, sizeof(refreshing->id), "%s", store_text_at(rows, 0, 2));
	exchange->data = refreshing;
	exchange->caller.org = orgs_find(exchange->api->orgs, org);
	action_tokens_make(&refreshing->tokens, exchange->caller.org->id, refreshing->agent, made);
	const struct store_step steps[] = {
		STEP(upkeep_sql, STORE_ANY, exchange_org(exchange), store_text(refreshing->agent),
		     exchange_now()),
		made[0],
		made[1],
		STEP(spend_sql, STORE_SOME, exchange_org(exchange), store_text(refreshing->id),
		     exchange_now()),
	};
	/* "refresh" leaves the refresh token as it is; "renew-refresh-token" changes both. */
	exchange_submit(exchange, steps, renews(exchange) ? 4 : 2, handle_made);
}

static void handle_found(struct exchange *exchange, const struct store_result *result)
{
	if (result->steps[0].n_rows == 0 ||
	    !orgs_find(exchange->api->orgs, store_text_at(&result->steps[0], 0, 0)))
		exchange_refuse(exchange, 401, "invalid_token",
				"invalid refresh token, or it has expired");
	else
		make_tokens(exchange, &result->steps[0]);
}

void action_refresh(struct exchange *exchange)
{
	const char *text = exchange_member(exchange, "refresh_token", "");
	char hash[TOKEN_HASH_BYTES];

	exchange_submit_all(
		exchange,
		&(struct store_step)STEP(find_sql, STORE_ANY,
					 store_text(token_hash(text, strlen(text), hash)),
					 exchange_now()),
		1, handle_found);
}

void action_renew_refresh(struct exchange *exchange)
{
	action_refresh(exchange);
}
