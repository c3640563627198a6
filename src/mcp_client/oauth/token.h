/*
 * What is asked of a token endpoint, and what it answers: RFC 6749 sections 4.1.3, 5 and 6, with
 * the resource that a token is for (RFC 8707).
 */
#pragma once

#include "base/buf.h"
#include "mcp_client/oauth/oauth.h"

/* What a header can carry: b64token of RFC 6750, and a little more. */
bool oauth_is_token(const char *token);

/*
 * The body, and the value of Authorization where the client shows itself there, else "". Buffers of
 * secrets.
 */
void oauth_code_request(const json_t *login, const char *code, struct buf *form,
			struct buf *authorization);
void oauth_refresh_request(const json_t *grant, struct buf *form, struct buf *authorization);

/*
 * The grant with what an answer gives: a new reference, or NULL with 'err', -EACCES where the
 * endpoint says that grant or client are not good, -EKEYREVOKED that it does not know the client,
 * -EPROTO where it answers anything else, which may be another time. What it says nothing of stays.
 */
json_t *oauth_token_read(const json_t *grant, unsigned status, const json_t *document,
			 int64_t now_s, struct error *err);
