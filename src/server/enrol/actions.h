/* The actions of POST /api/agent; each answers its exchange. */
#pragma once

#include "server/api/exchange.h"
#include "server/org/credential.h"

/* The device flow: actions_device.c */
void action_start(struct exchange *exchange);
void action_authorize(struct exchange *exchange);
void action_register(struct exchange *exchange);
void action_register_with_token(struct exchange *exchange);

/* Tokens that end, and how to get others: actions_token.c */
void action_refresh(struct exchange *exchange);
void action_renew_refresh(struct exchange *exchange);

/* What enrolled agents and people ask: actions_fleet.c */
void action_ingest(struct exchange *exchange);
void action_list(struct exchange *exchange);
void action_revoke(struct exchange *exchange);
void action_health(struct exchange *exchange);

#define ACTION_ACCESS_S 3600
#define ACTION_REFRESH_S (30 * 86400)

/* An access token of an hour, and a refresh token of 30 days, for one agent. */
struct action_tokens {
	struct credential access, refresh;

	/* private */
	struct store_value params[2][6];
};

#define ACTION_TOKEN_STEPS 2

/* The steps that write both down; 'tokens' lives until the batch was submitted. */
void action_tokens_make(struct action_tokens *tokens, const char *org, const char *agent,
			struct store_step steps_out[ACTION_TOKEN_STEPS]);
/* The documented answer with both. */
json_t *action_tokens_answer(const struct action_tokens *tokens, const char *agent);
