/* A client with a courier of its own that does one thing after the other, for tests. */
#pragma once

#include "client_login.h"

struct client_play {
	const char *url, *version, *token;
	size_t max_bytes;
	struct mcp_grant grant;
	bool logs_in; /* where the server wants that */
	struct client_login login;
	bool accepts; /* what servers ask of a person, with the defaults */

	/* private */
	struct event_base *base;
	struct courier *courier;
	struct mcp_client *client;
	json_t *said, *beside;
	struct mcp_request *request;
	bool cancels;
	unsigned n_changed, n_progress, n_open;
};

/* Exits where that cannot be. */
void client_play_open(struct client_play *play);
void client_play_close(struct client_play *play);

/* Does it (client.c) and waits; a new reference. */
json_t *client_play_order(struct client_play *play, const json_t *order);
