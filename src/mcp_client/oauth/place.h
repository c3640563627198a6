/*
 * Where the metadata of a protected resource (RFC 9728) and of an issuer (RFC 8414, OpenID
 * Discovery 1.0) may lie, in the order in which MCP wants it looked for.
 */
#pragma once

#include "courier/policy.h"
#include "mcp_client/oauth/challenge.h"

/*
 * Whether a URL of a stranger's may be asked, or shown to a person: https, or http of loopback
 * where the policy lets http be; visible ASCII; no user, no fragment; shorter than OAUTH_URL_BYTES.
 */
bool oauth_url_is_good(const char *url, enum courier_schemes schemes);

/* Whether both are of the same host, on whatever port. */
bool oauth_url_is_beside(const char *url, const char *other);

/*
 * The n-th place, from 0; false where there is none. 'named' is what a challenge says, or "":
 * then it is the only one.
 */
bool oauth_resource_place(const char *server_url, const char *named, unsigned n,
			  char url_out[OAUTH_URL_BYTES]);
bool oauth_issuer_place(const char *issuer, unsigned n, char url_out[OAUTH_URL_BYTES]);

/*
 * Whether the identifier of a resource means this server: the same scheme, host and port, and its
 * own path or one above it. All else would get us tokens of another one.
 */
bool oauth_resource_fits(const char *resource, const char *server_url);
