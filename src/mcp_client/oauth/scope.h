/* Scopes: words with blanks between (RFC 6749 section 3.3), at most OAUTH_SCOPE_BYTES of them. */
#pragma once

#include "base/json.h"
#include "mcp_client/oauth/challenge.h"

/* What is no word of a scope goes, and what is said twice, and all but one blank between. */
void oauth_scope_clean(char scope[OAUTH_SCOPE_BYTES]);

bool oauth_scope_has(const char *scope, const char *word);

/* Adds the words of 'more' that are not there yet, as long as they fit. */
void oauth_scope_add(char scope[OAUTH_SCOPE_BYTES], const char *more);

/*
 * What to ask for: what the server says that it takes (the challenge), else what its metadata says
 * that it knows, else nothing, which leaves it to the issuer; and whatever was asked for before
 * ('old', or ""), so that one need does not lose another. Something that lasts ("offline_access")
 * only of an issuer that knows it.
 */
void oauth_scope_choose(const struct oauth_challenge *challenge, const json_t *resource,
			const json_t *issuer, const char *old, char scope_out[OAUTH_SCOPE_BYTES]);
