/*
 * What a client proves itself with to a NATS server: a user and a password, a token, or a user's
 * key of NATS ("nkey", Ed25519), alone or with the JWT that an account gave it, as a file ".creds"
 * has both (docs.nats.io, "NKeys" and "JWT"). The key itself is never said: it signs what the
 * server asks, its nonce.
 */
#pragma once

#include <openssl/types.h>

#include "base/error.h"

#define NATS_CREDENTIALS_MAX_BYTES (16 * KIB)
#define NATS_NONCE_MAX_BYTES 256
#define NATS_KEY_BYTES 57 /* the text of a public key, and its NUL */

/* NULL: there is none. Texts are UTF-8. */
struct nats_credentials {
	char *user, *password; /* both, or neither */
	char *token;
	EVP_PKEY *key;
	char *jwt;                       /* goes with 'key' */
	char public_key[NATS_KEY_BYTES]; /* "U...", where there is a key */
};

/*
 * One line, "USER:PASSWORD", a token, or a user's seed ("SU..."); or a file of several, where the
 * seed and the JWT stand between lines of dashes. 'out' is written on success only. -EINVAL with a
 * sentence that has nothing of it.
 */
int nats_credentials_parse(const char *text, size_t len, struct nats_credentials *out,
			   struct error *err) MUST_CHECK;
/* Wipes them. */
void nats_credentials_finish(struct nats_credentials *credentials);
bool nats_credentials_are_there(const struct nats_credentials *credentials);

/* The signature of a server's nonce by 'key', as it is sent; heap text, NULL for no such nonce. */
char *nats_credentials_sign(const struct nats_credentials *credentials, const char *nonce);
