#include "identity/test_issuer.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "base/encoding.h"
#include "identity/key.h"

#define BITS 2048
#define HALF_BYTES 32

static const char *const names[] = { "RS256", "ES256", "EdDSA" };

void test_issuer_make(struct test_issuer *issuer)
{
	issuer->keys[KEY_RS256] = EVP_RSA_gen(BITS);
	issuer->keys[KEY_ES256] = key_make(KEY_EC_P256);
	issuer->keys[KEY_EDDSA] = key_make(KEY_ED25519);
	if (!issuer->keys[KEY_RS256])
		abort();
}

void test_issuer_cleanup(struct test_issuer *issuer)
{
	for (size_t i = 0; i < ARRAY_LEN(issuer->keys); i++)
		EVP_PKEY_free(issuer->keys[i]);
}

static void put_bytes(json_t *jwk, const char *member, const void *bytes, size_t len)
{
	CLEANUP(text) char *text = base64url_text(bytes, len);

	json_put(jwk, member, json_string(text));
}

static void put_number(json_t *jwk, const char *member, const EVP_PKEY *key, const char *param,
		       int len)
{
	unsigned char bytes[BITS / 8];
	BIGNUM *number = NULL;

	if (!EVP_PKEY_get_bn_param(key, param, &number))
		abort();
	if (!len)
		len = BN_num_bytes(number);
	if (BN_bn2binpad(number, bytes, len) != len)
		abort();
	put_bytes(jwk, member, bytes, (size_t)len);
	BN_free(number);
}

json_t *test_issuer_jwk(const struct test_issuer *issuer, enum key_algorithm algorithm,
			const char *id)
{
	const EVP_PKEY *key = issuer->keys[algorithm];
	json_t *jwk = json_pack("{s:s, s:s}", "kid", id, "use", "sig");
	unsigned char raw[HALF_BYTES];
	size_t len = sizeof(raw);

	switch (algorithm) {
	case KEY_RS256:
		json_put(jwk, "kty", json_string("RSA"));
		put_number(jwk, "n", key, OSSL_PKEY_PARAM_RSA_N, 0);
		put_number(jwk, "e", key, OSSL_PKEY_PARAM_RSA_E, 0);
		break;
	case KEY_ES256:
		json_put(jwk, "kty", json_string("EC"));
		json_put(jwk, "crv", json_string("P-256"));
		put_number(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, HALF_BYTES);
		put_number(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, HALF_BYTES);
		break;
	case KEY_EDDSA:
		json_put(jwk, "kty", json_string("OKP"));
		json_put(jwk, "crv", json_string("Ed25519"));
		if (EVP_PKEY_get_raw_public_key(key, raw, &len) != 1)
			abort();
		put_bytes(jwk, "x", raw, len);
		break;
	}
	return jwk;
}

json_t *test_issuer_set(const struct test_issuer *issuer)
{
	json_t *keys = json_array();

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		json_push(keys, test_issuer_jwk(issuer, (enum key_algorithm)i, names[i]));
	return json_pack("{s:o}", "keys", keys);
}

json_t *test_issuer_head(enum key_algorithm algorithm)
{
	return json_pack("{s:s, s:s, s:s}", "alg", names[algorithm], "kid", names[algorithm], "typ",
			 "at+jwt");
}

/* Both numbers of an ECDSA signature instead of its DER. */
static size_t rewrite_ecdsa(unsigned char *signature, size_t len)
{
	const unsigned char *at = signature;
	ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &at, (long)len);

	if (!pair || BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, HALF_BYTES) != HALF_BYTES ||
	    BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + HALF_BYTES, HALF_BYTES) != HALF_BYTES)
		abort();
	ECDSA_SIG_free(pair);
	return 2 * (size_t)HALF_BYTES;
}

static char *signature_text(EVP_PKEY *key, enum key_algorithm algorithm, const struct buf *text)
{
	unsigned char signature[BITS / 8];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	if (!ctx ||
	    EVP_DigestSignInit(ctx, NULL, algorithm == KEY_EDDSA ? NULL : EVP_sha256(), NULL,
			       key) != 1 ||
	    EVP_DigestSign(ctx, signature, &len, (const unsigned char *)text->data, text->len) != 1)
		abort();
	EVP_MD_CTX_free(ctx);
	if (algorithm == KEY_ES256)
		len = rewrite_ecdsa(signature, len);
	return base64url_text(signature, len);
}

char *test_issuer_sign(const struct test_issuer *issuer, enum key_algorithm algorithm,
		       const json_t *head, struct str claims)
{
	CLEANUP(text) char *head_json = json_canonical(head);
	CLEANUP(text) char *head_text = base64url_text(head_json, strlen(head_json));
	CLEANUP(text) char *claims_text = base64url_text(claims.data, claims.len);
	CLEANUP(text) char *signature = NULL;
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 4 * MIB);
	buf_add_format(&text, "%s.%s", head_text, claims_text);
	signature = signature_text(issuer->keys[algorithm], algorithm, &text);
	buf_add_format(&text, ".%s", signature);
	return TAKE(text.data);
}
