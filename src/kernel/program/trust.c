#include "kernel/program/trust.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/encoding.h"
#include "call/hash.h"
#include "identity/key.h"

#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define PEM_END "-----END PUBLIC KEY-----"
#define RAW_MAX_BYTES 128 /* Ed25519 has 64, ECDSA on P-256 at most 72 */

static void digest_context_cleanup(EVP_MD_CTX **context)
{
	EVP_MD_CTX_free(*context);
}

void trust_finish(struct trust *trust)
{
	for (size_t i = 0; i < trust->n_keys; i++)
		EVP_PKEY_free(trust->keys[i].key);
	json_decref(trust->revoked);
	*trust = (struct trust) { 0 };
}

void trust_cleanup(struct trust *trust)
{
	trust_finish(trust);
}

/* What stands between the lines of a PEM file, without its newlines; or the text itself. */
static int unwrap(struct str text, struct buf *base64, struct error *err)
{
	const char *at = memmem(text.data, text.len, PEM_BEGIN, strlen(PEM_BEGIN));
	const char *limit = text.data + text.len, *end;

	if (at) {
		at += strlen(PEM_BEGIN);
		end = memmem(at, (size_t)(limit - at), PEM_END, strlen(PEM_END));
		if (!end)
			return error_set(err, -EBADMSG, "a public key in PEM has no end");
		text = (struct str) { at, (size_t)(end - at) };
	}
	for (size_t i = 0; i < text.len; i++)
		if (!strchr(" \r\n\t", text.data[i]))
			buf_add(base64, &text.data[i], 1);
	return base64->dropped ? error_set(err, -E2BIG, "a public key is too long") : 0;
}

const char *trust_key_id(EVP_PKEY *key, char id_out[PROGRAM_KEY_ID_BYTES])
{
	char text[KEY_TEXT_BYTES], sha256[HASH_TEXT_BYTES];
	CLEANUP(buf) struct buf der = { 0 };

	buf_init(&der, KEY_TEXT_BYTES);
	(void)key_text(key, text);
	if (base64_decode(text, strlen(text), &der) < 0)
		abort();
	(void)hash_text(der.data, der.len, sha256);
	text_copy(id_out, PROGRAM_KEY_ID_BYTES, sha256);
	return id_out;
}

int trust_add(struct trust *trust, const char *text, size_t len, struct error *err)
{
	CLEANUP(buf) struct buf base64 = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct trusted_key *place = &trust->keys[trust->n_keys];

	buf_init(&base64, KEY_TEXT_BYTES);
	if (unwrap((struct str) { text, len }, &base64, err) < 0)
		return err->code;
	key = key_parse(buf_text(&base64), base64.len, err);
	if (!key)
		return error_wrap(err, "a key for programs");
	if (!key_is(key, KEY_ED25519) && !key_is(key, KEY_EC_P256))
		return error_set(err, -EKEYREJECTED,
				 "a key for programs is Ed25519 or ECDSA on P-256");
	for (size_t i = 0; i < trust->n_keys; i++)
		if (key_equal(trust->keys[i].key, key))
			return 0;
	if (trust->n_keys == TRUST_MAX_KEYS)
		return error_set(err, -E2BIG, "at most %d keys sign programs", TRUST_MAX_KEYS);
	(void)trust_key_id(key, place->id);
	place->key = TAKE(key);
	trust->n_keys++;
	return 0;
}

int trust_add_from(struct trust *trust, const json_t *document, struct error *err)
{
	const json_t *keys = json_object_get(document, "keys"), *key;
	size_t i;

	json_array_foreach(keys, i, key)
	{
		if (trust_add(trust, json_string_value(key), json_string_length(key), err) < 0)
			return err->code;
	}
	json_decref(trust->revoked);
	trust->revoked = json_incref(json_object_get(document, "revoked"));
	return 0;
}

static bool has_revoked(const struct trust *trust, const char *kind, const char *what)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(trust->revoked, kind), i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), what) == 0)
			return true;
	}
	return false;
}

bool trust_has_revoked_key(const struct trust *trust, const char *key_id)
{
	return has_revoked(trust, "keys", key_id);
}

bool trust_has_revoked_artifact(const struct trust *trust, const char *sha256)
{
	return has_revoked(trust, "artifacts", sha256);
}

/* Ed25519 has its own inside. */
static const EVP_MD *digest_for(const EVP_PKEY *key)
{
	return key_is(key, KEY_ED25519) ? NULL : EVP_sha256();
}

void trust_sign(EVP_PKEY *key, const void *bytes, size_t len, struct buf *signature_out)
{
	CLEANUP(digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[RAW_MAX_BYTES];
	size_t n = sizeof(signature);

	if (!context || EVP_DigestSignInit(context, NULL, digest_for(key), NULL, key) != 1 ||
	    EVP_DigestSign(context, signature, &n, bytes, len) != 1)
		abort();
	buf_add(signature_out, signature, n);
}

static bool has_signed(EVP_PKEY *key, struct str bytes, struct str signature)
{
	CLEANUP(digest_context) EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || EVP_DigestVerifyInit(context, NULL, digest_for(key), NULL, key) != 1)
		return false;
	return EVP_DigestVerify(context, (const unsigned char *)signature.data, signature.len,
				(const unsigned char *)bytes.data, bytes.len) == 1;
}

static const struct trusted_key *find_signer(const struct trust *trust, struct str bytes,
					     struct str signature)
{
	for (size_t i = 0; i < trust->n_keys; i++)
		if (has_signed(trust->keys[i].key, bytes, signature))
			return &trust->keys[i];
	return NULL;
}

/* "vault:v3:" or nothing, then Base64. */
static bool decode_text(struct str text, struct buf *raw)
{
	const char *colon = memrchr(text.data, ':', text.len);

	if (colon && str_starts(text, "vault:")) {
		text.len -= (size_t)(colon + 1 - text.data);
		text.data = colon + 1;
	}
	return base64_decode_lines(text.data, text.len, raw) == 0;
}

const struct trusted_key *trust_verify(const struct trust *trust, struct str bytes,
				       struct str signature, struct error *err)
{
	const struct trusted_key *signer;
	CLEANUP(buf) struct buf raw = { 0 };

	if (!trust->n_keys) {
		error_set(err, -EBADE, "no key is trusted to sign programs on this host");
		return NULL;
	}
	buf_init(&raw, RAW_MAX_BYTES);
	signer = find_signer(trust, bytes, signature);
	if (!signer && decode_text(signature, &raw))
		signer = find_signer(trust, bytes, (struct str) { buf_text(&raw), raw.len });
	if (!signer) {
		error_set(err, -EBADE,
			  "the release is signed by no key that this host trusts, or was changed");
		return NULL;
	}
	if (trust_has_revoked_key(trust, signer->id)) {
		error_set(err, -EKEYREVOKED, "the key %s that signed the release was revoked",
			  signer->id);
		return NULL;
	}
	return signer;
}
