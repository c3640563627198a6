/*
 * The public keys by which an issuer's tokens are checked: a JSON Web Key Set (RFC 7517, 7518,
 * 8037).
 *
 * Kept are the keys that can check a signature here: RSA of 2048 to 4096 bits for RS256, EC on
 * P-256 for ES256, Ed25519 for EdDSA. As the RFC wants, other kinds and uses are passed over;
 * a set of which nothing remains is refused. Each key is good for its own algorithm alone, so that
 * no token can choose how it is checked.
 */
#pragma once

#include <openssl/types.h>

#include "base/error.h"

#define KEY_SET_MAX_BYTES (128 * KIB)
#define KEY_SET_MAX_KEYS 32
#define KEY_SET_ID_BYTES 129

enum key_algorithm {
	KEY_RS256,
	KEY_ES256,
	KEY_EDDSA,
};

struct key_set_entry {
	char id[KEY_SET_ID_BYTES]; /* "kid"; "" where it has none */
	enum key_algorithm algorithm;
	EVP_PKEY *key;
};

struct key_set {
	struct key_set_entry list[KEY_SET_MAX_KEYS];
	unsigned n;
};

/*
 * Foreign text. 0, or with nothing in 'set_out': -EBADMSG for what is no key set or has two usable
 * keys of one id and algorithm, -EKEYREJECTED where none of its keys can be used, -E2BIG.
 */
int key_set_parse(const char *text, size_t len, struct key_set *set_out,
		  struct error *err) MUST_CHECK;
void key_set_finish(struct key_set *set);
void key_set_cleanup(struct key_set *set);

/*
 * The key with that id, borrowed; 'id' NULL: the only one of that algorithm. NULL where there is
 * none, or more than one to choose from.
 */
EVP_PKEY *key_set_find(const struct key_set *set, const char *id, enum key_algorithm algorithm);

/* "RS256", "ES256", "EdDSA" or "Ed25519" (RFC 9864). False, and nothing written, for any other. */
bool key_algorithm_from_name(const char *name, enum key_algorithm *algorithm_out);
