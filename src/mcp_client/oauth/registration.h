/*
 * As whom a login is asked for: a client that was registered beforehand, one that registered itself
 * with the same issuer before, a Client ID Metadata Document, or one that registers now (RFC 7591).
 * A client is {"issuer", "id", "secret"?, "expires_at"?, "method", "redirect_uri"?}.
 */
#pragma once

#include "mcp_client/oauth/oauth.h"

#define OAUTH_CLIENT_ID_MAX_BYTES 1024

/*
 * A new reference, or NULL where one has to be registered; then 'err' is set if that cannot be.
 * 'issuer' is what oauth_issuer_read() gave.
 */
json_t *oauth_client_choose(const struct oauth_self *self, const json_t *issuer, const json_t *old,
			    int64_t now_s, struct error *err);

/* What is posted to the registration endpoint, and what comes of its answer (201 or 200). */
json_t *oauth_registration(const struct oauth_self *self, const json_t *issuer, const char *scope);
json_t *oauth_registration_read(const json_t *document, const struct oauth_self *self,
				const json_t *issuer, struct error *err);
