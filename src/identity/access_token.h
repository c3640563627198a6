/*
 * OAuth 2.0 access tokens of an issuer that we trust: JSON Web Tokens (RFC 7515, 7519) of the
 * profile of RFC 9068, for one resource. Their keys are a key set (key_set.h).
 *
 * A token is taken only whole: three parts, "typ" at+jwt, an algorithm of the key that its "kid"
 * names, a good signature, then "iss", "aud", "exp", "nbf", "iat" and "sub". What it may do is for
 * the caller to ask (access_token_has_scope(), access_token_claims()); a token says nothing about
 * the org or the role by itself.
 */
#pragma once

#include "base/json.h"
#include "identity/key_set.h"

#define ACCESS_TOKEN_MAX_BYTES (16 * KIB)
#define ACCESS_TOKEN_NAME_BYTES 129

/* Borrowed. */
struct access_rule {
	const char *issuer;   /* exactly "iss" */
	const char *audience; /* us: "aud", or one of them */
	const struct key_set *keys;
	uint64_t now_s; /* wall clock */
};

struct access_token {
	char subject[ACCESS_TOKEN_NAME_BYTES]; /* "sub": printable ASCII without blanks */
	char client[ACCESS_TOKEN_NAME_BYTES];  /* "client_id", else "azp", or "" */
	uint64_t expires_s;
	json_t *claims; /* all of them */
};

/* Whether it looks like one at all: two points between three parts. Nothing is checked. */
bool access_token_is(const char *text, size_t len);

/*
 * Foreign text. 0; or with nothing in 'token_out' and a sentence that repeats nothing of it:
 * -EBADMSG it is no such token, -EKEYREJECTED its kind or algorithm is not taken, -ENOKEY no key
 * has its "kid" (a newer key set may), -EBADE its signature does not hold, -EACCES another issuer
 * or audience, -EKEYEXPIRED it is no longer valid, or not yet. A minute of difference between the
 * clocks is let be.
 */
int access_token_verify(const char *text, size_t len, const struct access_rule *rule,
			struct access_token *token_out, struct error *err) MUST_CHECK;
void access_token_finish(struct access_token *token);
void access_token_cleanup(struct access_token *token);

/* Until when it is taken, that minute included (monotonic). */
uint64_t access_token_until_ns(const struct access_token *token);

/*
 * The name that a claim has of its person, "preferred_username"; printable ASCII without blanks.
 * False: it has none, or an "email" without "email_verified": true of the issuer.
 */
bool access_token_name(const struct access_token *token, const char *claim,
		       char name_out[ACCESS_TOKEN_NAME_BYTES]);
/* One of the words of "scope" (RFC 9068, 2.2.3). */
bool access_token_has_scope(const struct access_token *token, const char *scope);
/* Whether the claim is this text, or a list with it: roles, groups, entitlements. */
bool access_token_claims(const struct access_token *token, const char *claim, const char *value);
