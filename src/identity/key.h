/*
 * Keys: ECDSA P-256 for TLS (agents, servers, CAs), Ed25519 for statements
 * (approvals, approver lists, anchors). OpenSSL's EVP_PKEY as it is; this adds
 * making, keeping and naming them.
 *
 * A private key lies in its file as PKCS#8 PEM without passphrase, 0600, and is
 * never in a log, an error text or an argument list.
 */
#pragma once

#include <openssl/types.h>

#include "base/buf.h"
#include "base/error.h"

enum key_kind {
	KEY_EC_P256,
	KEY_ED25519,
};

#define KEY_FILE_MAX_BYTES (16 * KIB)
#define KEY_TEXT_BYTES 768 /* of the largest public key that is taken, RSA 4096 */
#define KEY_PIN_BYTES 53

/* For CLEANUP(key). */
void key_cleanup(EVP_PKEY **key);

/* A new private key; the caller frees it with EVP_PKEY_free(). Never NULL. */
EVP_PKEY *key_make(enum key_kind kind);

/*
 * Reads a private key of that kind; see file_load_private() for what is refused
 * (-EACCES). NULL with 'err': -ENOENT where there is no file, -EBADMSG where it
 * holds no such key.
 */
EVP_PKEY *key_load(const char *path, enum key_kind kind, struct error *err);

/*
 * The same from its text: PEM without a passphrase, with anything behind it. NULL with 'err'
 * (-EBADMSG), which says that 'name' is none.
 */
EVP_PKEY *key_read(const char *text, enum key_kind kind, const char *name, struct error *err);
/* Appends it as PEM (PKCS #8): the buffer holds a secret. */
void key_write(EVP_PKEY *key, struct buf *out);

/* Replaces the file at 'path', see file_save_private(). */
int key_save(const char *path, EVP_PKEY *key, struct error *err) MUST_CHECK;

/* Loads the key, or makes and saves one where there is no file. NULL with 'err'. */
EVP_PKEY *key_load_or_make(const char *path, enum key_kind kind, struct error *err);

/*
 * Whether a foreign public key is strong enough: EC on P-256 or P-384, RSA of
 * 2048 to 4096 bits with a public exponent of at most 64 bits, Ed25519.
 * -EKEYREJECTED with a sentence otherwise.
 */
int key_check_foreign(EVP_PKEY *key, struct error *err) MUST_CHECK;

bool key_is(const EVP_PKEY *key, enum key_kind kind);

/* Whether both have the same public half. */
bool key_equal(const EVP_PKEY *one, const EVP_PKEY *other);

/*
 * The public half as text: Base64 of its DER SubjectPublicKeyInfo, one line. This is
 * what the store, approver lists and pins of root keys hold. Returns 'text'.
 * Only for keys that key_check_foreign() takes.
 */
const char *key_text(EVP_PKEY *key, char text[KEY_TEXT_BYTES]);

/*
 * A public key from exactly such text (blanks at its end are skipped), checked by
 * key_check_foreign(). NULL with 'err' (-EBADMSG, -EKEYREJECTED).
 */
EVP_PKEY *key_parse(const char *text, size_t len, struct error *err);

/* "sha256//BASE64" of the SubjectPublicKeyInfo, as curl --pinnedpubkey takes it; returns 'pin'. */
const char *key_pin(EVP_PKEY *key, char pin[KEY_PIN_BYTES]);
