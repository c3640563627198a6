/*
 * Who keeps the tokens of a client of a server where somebody has logged in: hands it what there
 * is, refreshes what is over or refused, and stores that.
 *
 * A refresh token is often good for one time, and who shows it twice is taken for a thief. So of
 * all servers on a database one at a time refreshes ("refreshing_until" in what is sealed), and one
 * that has begun ends even if its client is gone; the others wait and take what that one got.
 */
#pragma once

#include "server/mcp/mcp_server.h"

struct mcp_keeper;

/* Takes 'secret'. It is free after mcp_keeper_drop(), at the latest with mcp_keepers_drop(). */
struct mcp_keeper *mcp_keeper_new(struct mcp_servers *servers, const char *org,
				  const struct mcp_server *server, json_t *secret);
/* To be called before it is asked anything. */
void mcp_keeper_serve(struct mcp_keeper *keeper, struct mcp_client *client);

/* want_token() and drop_tokens() of the client. */
void mcp_keeper_want(const struct oauth_challenge *challenge, void *data);
void mcp_keeper_drop(void *data);

/* At the end of the process. */
void mcp_keepers_drop(struct mcp_servers *servers);
