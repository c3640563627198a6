/*
 * WWW-Authenticate, as far as it is about bearer tokens: RFC 9110 section 11.6.1, RFC 6750 section
 * 3, RFC 9728 section 5.1. Foreign text.
 */
#pragma once

#include "base/base.h"

#define OAUTH_URL_BYTES 2048
#define OAUTH_SCOPE_BYTES 2048
#define OAUTH_WORD_BYTES 64

struct oauth_challenge {
	char resource_metadata[OAUTH_URL_BYTES]; /* or "" */
	char scope[OAUTH_SCOPE_BYTES];           /* words of scope.h, one blank between; or "" */
	char error[OAUTH_WORD_BYTES];            /* "insufficient_scope"; or "" */
};

/*
 * Whether one of the challenges of the field is of Bearer; the first counts. What it says twice,
 * or at more length than fits, it does not say.
 */
bool oauth_challenge_parse(const char *field, struct oauth_challenge *challenge_out);
