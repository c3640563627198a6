/*
 * A person who logs in at once, without a browser: opens the URL, and goes where he is sent, so the
 * issuer has to be one that asks him nothing.
 */
#pragma once

#include "mcp_client/client.h"
#include "mcp_client/oauth/oauth.h"

struct client_login {
	struct oauth_self self;

	/* private */
	struct oauth_reach reach;
	struct mcp_client *client;
	const char *url;
	struct oauth_errand *errand;
	struct courier_call *visit;
	json_t *login, *grant;
	char *query;
};

/* To be called before the client is made, whose want_token() and token_data these are. */
void client_login_open(struct client_login *login, struct event_base *base, struct courier *courier,
		       const char *url);
void client_login_want(const struct oauth_challenge *challenge, void *data);
void client_login_close(struct client_login *login);
