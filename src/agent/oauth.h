/*
 * The local API as a protected resource of OAuth 2.1: access tokens of one issuer open it, and its
 * metadata (RFC 9728) say to clients where to get one.
 *
 * The issuer's key set is a file, read once: the agent fetches nothing from addresses of others.
 */
#pragma once

#include "agent/client.h"
#include "identity/key_set.h"

struct config;

struct oauth {
	const char *issuer; /* "": there is none; borrowed */
	const char *audience;
	char own_audience[256]; /* where the settings name none */
	struct key_set keys;
};

/* As the settings say; -EINVAL for half of them. */
int oauth_start(struct oauth *oauth, const struct config *config, struct error *err) MUST_CHECK;
/* Where /mcp lies ("http://127.0.0.1:8080/mcp"): the audience that tokens must name, unless set. */
void oauth_set_place(struct oauth *oauth, const char *url);
void oauth_finish(struct oauth *oauth);
bool oauth_is_on(const struct oauth *oauth);

/* Whose token it is. Negative, with a sentence for who sent it, where it does not count. */
int oauth_find(const struct oauth *oauth, const char *secret, struct client *client_out,
	       struct error *err) MUST_CHECK;

/* The metadata, a new reference. */
json_t *oauth_metadata(const struct oauth *oauth);
