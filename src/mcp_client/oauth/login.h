/*
 * The way of a person: the URL to open, and what is in the query with which the issuer sends back
 * (RFC 6749 section 4.1, RFC 7636, RFC 8707, RFC 9207).
 */
#pragma once

#include "base/buf.h"
#include "mcp_client/oauth/oauth.h"

#define OAUTH_CODE_MAX_BYTES 4096
#define OAUTH_QUERY_MAX_BYTES (16 * KIB)

/*
 * application/x-www-form-urlencoded: all but what is never reserved as %XX; and "&name=value",
 * without '&' where it is the first.
 */
void oauth_form_escape(struct buf *form, const char *value);
void oauth_form_add(struct buf *form, const char *name, const char *value);

/*
 * A login (oauth.h) with a state and a verifier of its own; 'client' and 'scope' go into its grant.
 * NULL with 'err': its URL is too long.
 */
json_t *oauth_login_new(const struct oauth_self *self, const json_t *resource, const json_t *issuer,
			const json_t *client, const char *scope, struct error *err);

/*
 * The code of a query, appended to 'code_out'. -EPROTO: it is none of this login, or of another
 * issuer; -EACCES: the issuer says that nobody logged in.
 */
int oauth_login_read(const json_t *login, const char *query, struct buf *code_out,
		     struct error *err) MUST_CHECK;
