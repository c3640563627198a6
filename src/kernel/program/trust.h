/*
 * Whose programs a host takes: public keys, and what was revoked.
 *
 * A key is Ed25519 or ECDSA on P-256; its id is the first 16 hex digits of the SHA-256 of its
 * SubjectPublicKeyInfo, so nobody chooses one. Several are trusted at a time: a new one is added
 * before the old one is taken away.
 */
#pragma once

#include <openssl/types.h>

#include "base/buf.h"
#include "base/json.h"
#include "kernel/program/program.h"

#define TRUST_MAX_KEYS 128
#define TRUST_MAX_REVOKED 256

struct trust {
	struct trusted_key {
		EVP_PKEY *key;
		char id[PROGRAM_KEY_ID_BYTES];
	} keys[TRUST_MAX_KEYS];
	size_t n_keys;
	json_t *revoked; /* {"keys":[ID], "artifacts":[SHA-256]}, or NULL */
};

void trust_finish(struct trust *trust);
void trust_cleanup(struct trust *trust);

/*
 * Adds a public key: a PEM "PUBLIC KEY", or the Base64 inside one. -EKEYREJECTED for another kind
 * of key, -E2BIG for one too many; the same key twice is once.
 */
int trust_add(struct trust *trust, const char *text, size_t len, struct error *err) MUST_CHECK;

/* Adds the "keys" and "revoked" of a host's limits (limits.h), which fit their schema. */
int trust_add_from(struct trust *trust, const json_t *document, struct error *err) MUST_CHECK;

bool trust_has_revoked_key(const struct trust *trust, const char *key_id);
bool trust_has_revoked_artifact(const struct trust *trust, const char *sha256);

/* Fills the id; returns it. */
const char *trust_key_id(EVP_PKEY *key, char id_out[PROGRAM_KEY_ID_BYTES]);

/* The signature of the bytes, raw (Ed25519) or DER (ECDSA with SHA-256). Never fails for a
 * private key of either kind. */
void trust_sign(EVP_PKEY *key, const void *bytes, size_t len, struct buf *signature_out);

/*
 * The key that signed exactly these bytes, or NULL with 'err' (-EBADE; -EKEYREVOKED). The
 * signature is raw, or Base64 of that, also as Vault's transit engine writes it ("vault:v1:").
 */
const struct trusted_key *trust_verify(const struct trust *trust, struct str bytes,
				       struct str signature, struct error *err);
