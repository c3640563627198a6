/* Tokens that a client gets for itself, by the client credentials grant. */
#pragma once

#include "base/buf.h"
#include "mcp_client/client.h"

/* One that is being got, or wanted. */
struct mcp_granting {
	struct courier_call *call; /* or NULL */
	unsigned status;
	struct buf answer;

	/* Of others: one is wanted, and what was had after 401 and 403 of the beginning. */
	bool is_wanted, has_new_token, has_more_scope;
	bool is_challenged;
	struct oauth_challenge challenge; /* with which one is wanted */
};

/* Tells mcp_client_go_on(). */
void mcp_client_get_token(struct mcp_client *client);
void mcp_client_forget_grant(struct mcp_client *client);
void mcp_client_forget_token(struct mcp_client *client);
/* Whether another token may help a request that was refused; sends it again with one. */
bool mcp_request_may_renew(const struct mcp_request *request);
void mcp_request_renew(struct mcp_request *request);
/* What a refusal says of tokens. */
void mcp_request_take_challenge(struct mcp_request *request, const struct courier_head *head);
