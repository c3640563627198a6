/*
 * A secret that is shown once: an API key or a token of any kind. The store has its id, which
 * everybody may see, and its hash.
 */
#pragma once

#include "identity/certificate.h"
#include "identity/token.h"

struct credential {
	char id[CERTIFICATE_ID_BYTES]; /* "key_..." of API keys, "token_..." of all others */
	char hash[TOKEN_HASH_BYTES];
	struct token token;
};

void credential_make(enum token_kind kind, struct credential *credential_out);
