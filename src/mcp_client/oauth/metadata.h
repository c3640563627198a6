/*
 * What a server and an issuer say of themselves. Foreign documents: what is taken from them is
 * checked here, and nothing else of them is used.
 */
#pragma once

#include "base/json.h"
#include "courier/policy.h"

#define OAUTH_MAX_ISSUERS 8
#define OAUTH_MAX_SCOPES 64

/*
 * RFC 9728, of the server at 'url': {"resource", "issuer", "scopes_supported"?}. The issuer is
 * 'preferred' where it is one of several, else the first. NULL with 'err': -EPROTO, it is of
 * another resource, or names no issuer that may be asked.
 */
json_t *oauth_resource_read(const json_t *document, const char *url, const char *preferred,
			    enum courier_schemes schemes, struct error *err);

/*
 * RFC 8414 or OpenID Discovery, of the issuer that was asked: {"issuer", "authorization_endpoint",
 * "token_endpoint", "registration_endpoint"?, "methods": [...], "needs_iss", "takes_documents",
 * "scopes_supported"?}. NULL with 'err': -EPROTO, it is of another issuer, has no PKCE with S256,
 * no code flow, or an endpoint that may not be asked.
 */
json_t *oauth_issuer_read(const json_t *document, const char *issuer, enum courier_schemes schemes,
			  struct error *err);

/* Whether a list of texts has this one. */
bool oauth_list_has(const json_t *list, const char *text);
