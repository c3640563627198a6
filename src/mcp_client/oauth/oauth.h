/*
 * A client of OAuth 2.1 for MCP servers that want a person to have logged in, as MCP's
 * authorization of 2025-11-25 and 2026-07-28 has it.
 *
 *	challenge.h   what a 401 or 403 says: RFC 6750 section 3, RFC 9728 section 5.1
 *	place.h       where metadata may lie: RFC 9728 section 3, RFC 8414 section 3, OpenID
 *Discovery metadata.h    what it says: RFC 9728, RFC 8414; PKCE with S256 (RFC 7636) or nothing
 *	scope.h       what is asked for, and more of it after 'insufficient_scope'
 *	registration.h  as whom: known beforehand, a Client ID Metadata Document, or RFC 7591
 *	login.h       the URL for a person, and what comes back: state, 'iss' of RFC 9207
 *	token.h       the token endpoint: code and refresh token, 'resource' of RFC 8707
 *	plan.h        what to do next, given what is known
 *
 * These are functions of what they are given. This header is the errands that carry them out: each
 * goes through the courier, to https alone unless the policy lets http be, and then to loopback;
 * no redirect is followed. Every document has at most OAUTH_MAX_BYTES.
 *
 * A grant is what logging in leaves, {"issuer", "resource", "token_endpoint", "needs_iss",
 * "client": {"issuer", "id", "secret"?, "expires_at"?, "method", "redirect_uri"?}, "scope"?,
 * "access_token"?, "expires_at"? (both in Unix seconds), "refresh_token"?}: a secret, to be kept as
 * one, and so is a login, what has to be known when a person comes back. Credentials of a client
 * are sent to the issuer that gave them and to no other, tokens to the resource that they are for.
 */
#pragma once

#include "base/json.h"
#include "courier/courier.h"
#include "mcp_client/oauth/challenge.h"

#define OAUTH_MAX_BYTES (64 * KIB)      /* of one document */
#define OAUTH_STEP_NS (15 * NS_PER_SEC) /* of one request */
#define OAUTH_TOKEN_MAX_BYTES (8 * KIB)

struct event_base;

/* Who we are. Borrowed until the errand begins. */
struct oauth_self {
	const char *redirect_uri;
	const char *name;     /* for people */
	const char *document; /* the URL of our Client ID Metadata Document; or NULL */

	/* Registered beforehand, with 'issuer' (NULL: with the first that is met); or NULL. */
	const char *client_id, *client_secret, *issuer;
};

/* How things are reached. Borrowed while the errand lasts. */
struct oauth_reach {
	struct event_base *base;
	struct courier *courier;
	const char *ca_pem;
	enum courier_schemes schemes;
	/*
	 * Private ones: for the host of the MCP server and that of 'issuer', which a person has
	 * named (or NULL). What they or strangers name besides has to be public.
	 */
	const char *networks;
	const char *issuer;
};

struct oauth_errand; /* under way */

/*
 * Once, from the loop: either a new reference, or 'err'. -EACCES the issuer refuses, so somebody
 * has to log in anew; -EKEYREVOKED it does so since it knows the client no more; -EPROTO it is not
 * one that may be used; else what the courier says, with -EPERM where a policy forbids it.
 */
typedef void oauth_done(json_t *said, const struct error *err, void *data);

/*
 * Finds out where to log in for the MCP server 'url' and as whom: a login, {"url" for a person to
 * open, "state", "verifier", "redirect_uri", "grant"}. 'challenge' may be NULL; 'old' is the grant
 * that there was, or NULL: its client is used again with the same issuer, and its scope is kept.
 */
struct oauth_errand *oauth_prepare(const struct oauth_reach *reach, const struct oauth_self *self,
				   const char *url, const struct oauth_challenge *challenge,
				   const json_t *old, oauth_done *done, void *data);

/* What a person came back with, the query of the redirect URI: a grant. */
struct oauth_errand *oauth_redeem(const struct oauth_reach *reach, const json_t *login,
				  const char *query, oauth_done *done, void *data);

/* A grant with another access token, by its refresh token. */
struct oauth_errand *oauth_refresh(const struct oauth_reach *reach, const json_t *grant,
				   oauth_done *done, void *data);

/* 'done' does not come any more. NULL is nothing. */
void oauth_cancel(struct oauth_errand *errand);

/* As json_decref(), with the texts wiped before. */
void oauth_forget(json_t *secret);
