/*
 * The device grant of RFC 8628: a host or a terminal shows a code, and a person who has an
 * admin's key says yes to it, on a page or by a request.
 *
 * What comes out is a provisioning token for one host (scope "agent"), or a key (scope
 * "viewer" to "admin"). States in the store: pending, approved, denied, used.
 */
#pragma once

#include "server/api/exchange.h"
#include "server/org/credential.h"

#define DEVICE_LIFE_S 600
#define DEVICE_INTERVAL_S 5

/* A new pair of codes, in one step for a batch of all orgs; lives until it was submitted. */
struct device_codes {
	struct token device;
	char user[USER_CODE_BYTES];

	/* private */
	char hash[TOKEN_HASH_BYTES];
	char *client;
	struct store_value params[6];
};

/* 'client' is what the host says of itself; its "scope" decides what it will get. */
void device_codes_make(struct device_codes *codes, const char *address, const json_t *client,
		       struct store_step *step_out);
void device_codes_finish(struct device_codes *codes);

/* What a person decides about; 'client' is JSON text. */
#define DEVICE_COLUMNS "user_code, state, address, client, created, expires"

/*
 * The person of the exchange decides (his role is checked): calls 'then' with the row of
 * DEVICE_COLUMNS, or answers 404 for a code that does not wait (exchange->failed, where that is
 * set, is told -ENOENT instead), 429 for too many guesses.
 */
enum device_decision {
	DEVICE_LOOK,
	DEVICE_ALLOW,
	DEVICE_DENY,
};
void device_decide(struct exchange *exchange, const char *user_code, enum device_decision decision,
		   exchange_done *then);

/* The device_code is approved: spends it and calls 'then'; else 'refused' with RFC 8628's word. */
struct device_grant {
	struct credential made; /* what it gets */
	const char *scope;      /* "agent", "viewer" ... */
	char client[8192];      /* JSON text */
	const char *word;       /* "authorization_pending" ..., of a refusal */
	bool is_used;           /* the code was spent before, by this agent ("": unknown) */
	char agent[CERTIFICATE_ID_BYTES];
	void (*then)(struct exchange *exchange, struct device_grant *grant);
	void (*refused)(struct exchange *exchange, struct device_grant *grant);

	/* private */
	char hash[TOKEN_HASH_BYTES];
};
void device_redeem(struct exchange *exchange, const char *device_code, struct device_grant *grant);

/* Writes down which agent the host became, in the batch that makes it. */
void device_note_agent(struct exchange *exchange, const struct device_grant *grant,
		       const char *agent, struct store_step *step_out);
