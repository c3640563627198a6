#include "server/org/credential.h"

#include <string.h>

static const char *id_prefix(enum token_kind kind)
{
	return kind == TOKEN_API_KEY || kind == TOKEN_CUSTOMER_KEY ? "key" : "token";
}

void credential_make(enum token_kind kind, struct credential *credential_out)
{
	char nonce[NONCE_TEXT_BYTES];

	token_make(kind, &credential_out->token);
	(void)token_hash(credential_out->token.text, strlen(credential_out->token.text),
			 credential_out->hash);
	text_format(credential_out->id, sizeof(credential_out->id), "%s_%.20s", id_prefix(kind),
		    nonce_make(nonce));
}
