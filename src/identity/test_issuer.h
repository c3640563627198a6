/* For tests and harnesses: an issuer of access tokens, with a key of each kind that is taken. */
#pragma once

#include "base/json.h"
#include "identity/key_set.h"

struct test_issuer {
	EVP_PKEY *keys[KEY_EDDSA + 1];
};

void test_issuer_make(struct test_issuer *issuer);
void test_issuer_cleanup(struct test_issuer *issuer);

/* The public half as a JSON Web Key. */
json_t *test_issuer_jwk(const struct test_issuer *issuer, enum key_algorithm algorithm,
			const char *id);
/* Its keys with the ids "RS256", "ES256" and "EdDSA". */
json_t *test_issuer_set(const struct test_issuer *issuer);

/* {"alg", "kid", "typ"} of such a token. */
json_t *test_issuer_head(enum key_algorithm algorithm);
/* A token of that head and these bytes of claims, signed by the key of that kind; heap text. */
char *test_issuer_sign(const struct test_issuer *issuer, enum key_algorithm algorithm,
		       const json_t *head, struct str claims);
