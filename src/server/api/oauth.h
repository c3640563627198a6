/*
 * Access tokens of an OAuth issuer that this server trusts, on routes with ROUTE_OAUTH
 * (identity/access_token.h): the server is a resource, RFC 9728 tells clients where to get a token.
 *
 * The issuer's keys come from a file or by HTTPS, through the courier; they are read at the start,
 * every hour, and when a token names a key that is not among them, but at most once a minute. A
 * token's claims say the org and the role, by rules of the settings: the highest role of those that
 * it has.
 */
#pragma once

#include "identity/access_token.h"
#include "server/api/exchange.h"

#define OAUTH_MAX_RULES 16
#define OAUTH_URL_BYTES 512

struct courier;
struct oauth;

/* Texts are copied. */
struct oauth_config {
	struct event_base *base;
	struct courier *courier;
	const char *issuer;   /* "iss", and where clients get tokens */
	const char *resource; /* the address of /mcp */
	const char *audience; /* "aud" */
	const char *keys;     /* "https://..." or the path of a file */
	/* "viewer=scope:WORD responder=CLAIM:VALUE ...", blanks or commas between */
	const char *roles;
	const char *org_claim; /* the claim that is the org's id, or "": the default org */
	/* The claim that is the name of its person, as approvers have theirs; "": none is, and
	 * nobody approves what a token asked for (identity/approvers.h). */
	const char *name_claim;
	const char *networks, *ca_pem; /* as the courier takes them, or NULL */
};

/* NULL with 'err' for what is no URL, no rule, or a file that holds no keys. */
struct oauth *oauth_new(const struct oauth_config *config, struct error *err);
void oauth_free(struct oauth *oauth);

/*
 * Who a token is of: 0 and 'caller_out'; -EAGAIN while newer keys are asked for: 'then' is called
 * later, and then is the time to ask again. Else as access_token_verify(), or -EPERM: a good token
 * that has no role or no org here.
 */
typedef void oauth_then(void *data);
int oauth_identify(struct oauth *oauth, const struct orgs *orgs, struct str token,
		   struct caller *caller_out, struct error *err) MUST_CHECK;
/* Once, never before it returns, when newer keys are there or cannot be had; false: no room. */
bool oauth_wait(struct oauth *oauth, oauth_then *then, void *data);

/* RFC 9728: the metadata of the resource, a new reference; where they are; the scopes of roles. */
json_t *oauth_metadata(const struct oauth *oauth);
const char *oauth_metadata_url(const struct oauth *oauth);
const char *oauth_scopes(const struct oauth *oauth);
