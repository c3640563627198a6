#include "server/alert/signature.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "identity/token.h"

#define SHA256_BYTES 32

static void sign(struct str secret, const char *head, struct str body,
		 char hex[SIGNATURE_HEX_BYTES])
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	char digest_name[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name, 0),
		OSSL_PARAM_construct_end(),
	};
	unsigned char digest[SHA256_BYTES];
	size_t len;

	if (!context ||
	    EVP_MAC_init(context, (const unsigned char *)secret.data, secret.len, params) != 1 ||
	    (head && (EVP_MAC_update(context, (const unsigned char *)head, strlen(head)) != 1 ||
		      EVP_MAC_update(context, (const unsigned char *)":", 1) != 1)) ||
	    EVP_MAC_update(context, (const unsigned char *)body.data, body.len) != 1 ||
	    EVP_MAC_final(context, digest, &len, sizeof(digest)) != 1)
		abort();
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(hmac);
	(void)hex_encode(digest, sizeof(digest), hex);
}

bool signature_holds(struct str given, struct str secret, const char *head, struct str body)
{
	char hex[SIGNATURE_HEX_BYTES];

	/* Under an empty key anybody can sign. */
	if (secret.len == 0)
		return false;
	sign(secret, head, body, hex);
	return token_equal(given.data, given.len, hex, SIGNATURE_HEX_BYTES - 1);
}

bool signature_next(const char **at, struct str *signature_out)
{
	while (**at) {
		struct str one;

		*at += strspn(*at, " \t,");
		one = (struct str) { *at, strcspn(*at, " \t,") };
		*at += one.len;
		if (one.len > 3 && strncmp(one.data, "v1=", 3) == 0) {
			*signature_out = (struct str) { one.data + 3, one.len - 3 };
			return true;
		}
	}
	return false;
}
