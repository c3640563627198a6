#include "identity/key.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/encoding.h"
#include "identity/file.h"
#include "identity/identity_internal.h"

#define RSA_MIN_BITS 2048
#define RSA_MAX_BITS 4096 /* a larger one only costs us time */
#define RSA_MAX_EXPONENT_BITS 64

void key_cleanup(EVP_PKEY **key)
{
	EVP_PKEY_free(*key);
}

EVP_PKEY *key_make(enum key_kind kind)
{
	EVP_PKEY *key = kind == KEY_EC_P256 ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
					    : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

	if (!key)
		abort();
	return key;
}

static bool is_on_curve(const EVP_PKEY *key, const char *curve)
{
	char name[64] = "";
	int explicit_parameters = 0;

	(void)EVP_PKEY_get_int_param(key, OSSL_PKEY_PARAM_EC_DECODED_FROM_EXPLICIT_PARAMS,
				     &explicit_parameters);
	return !explicit_parameters && EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, name, sizeof(name), NULL) && strcmp(name, curve) == 0;
}

bool key_is(const EVP_PKEY *key, enum key_kind kind)
{
	return kind == KEY_EC_P256 ? is_on_curve(key, "prime256v1") : EVP_PKEY_is_a(key, "ED25519");
}

bool key_equal(const EVP_PKEY *one, const EVP_PKEY *other)
{
	return EVP_PKEY_eq(one, other) == 1;
}

static int check_rsa(const EVP_PKEY *key, struct error *err)
{
	BIGNUM *exponent = NULL;
	int bits = EVP_PKEY_get_bits(key), n_exponent = 0;

	if (EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_E, &exponent) && BN_is_odd(exponent))
		n_exponent = BN_num_bits(exponent);
	BN_free(exponent);
	if (bits < RSA_MIN_BITS || bits > RSA_MAX_BITS)
		return error_set(err, -EKEYREJECTED, "an RSA key has %d to %d bits here, not %d",
				 RSA_MIN_BITS, RSA_MAX_BITS, bits);
	/* Under an exponent of 1 every signature holds. */
	if (n_exponent < 2 || n_exponent > RSA_MAX_EXPONENT_BITS)
		return error_set(err, -EKEYREJECTED, "the RSA key has an unsafe exponent");
	return 0;
}

int key_check_foreign(EVP_PKEY *key, struct error *err)
{
	if (EVP_PKEY_is_a(key, "RSA"))
		return check_rsa(key, err);
	if (EVP_PKEY_is_a(key, "ED25519") || is_on_curve(key, "prime256v1") ||
	    is_on_curve(key, "secp384r1"))
		return 0;
	return error_set(err, -EKEYREJECTED,
			 "the key is neither EC on P-256 or P-384, nor RSA, nor Ed25519");
}

/* Without it OpenSSL would ask the terminal for the passphrase of an encrypted key. */
static int no_passphrase(char *text UNUSED, int size UNUSED, int writing UNUSED, void *data UNUSED)
{
	return -1;
}

EVP_PKEY *key_read(const char *text, enum key_kind kind, const char *name, struct error *err)
{
	CLEANUP(bio) BIO *bio = BIO_new_mem_buf(text, -1);
	CLEANUP(key) EVP_PKEY *key = NULL;

	if (!bio)
		abort();
	key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
	if (key && key_is(key, kind))
		return TAKE(key);
	identity_error(err, -EBADMSG, "'%s' holds no %s private key in PEM", name,
		       kind == KEY_EC_P256 ? "ECDSA P-256" : "Ed25519");
	return NULL;
}

EVP_PKEY *key_load(const char *path, enum key_kind kind, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };

	buf_init(&text, KEY_FILE_MAX_BYTES);
	if (file_load_private(path, &text, err) < 0)
		return NULL;
	return key_read(buf_text(&text), kind, path, err);
}

void key_write(EVP_PKEY *key, struct buf *out)
{
	CLEANUP(bio) BIO *bio = BIO_new(BIO_s_mem()); /* wiped when freed */
	char *text = NULL;
	long len;

	if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL))
		abort();
	len = BIO_get_mem_data(bio, &text);
	buf_add(out, text, (size_t)len);
}

int key_save(const char *path, EVP_PKEY *key, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };

	buf_init(&text, KEY_FILE_MAX_BYTES);
	key_write(key, &text);
	return file_save_private(path, text.data, text.len, err);
}

EVP_PKEY *key_load_or_make(const char *path, enum key_kind kind, struct error *err)
{
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct error why = { 0 };

	key = key_load(path, kind, &why);
	if (key)
		return TAKE(key);
	if (why.code != -ENOENT) {
		*err = why;
		return NULL;
	}
	key = key_make(kind);
	return key_save(path, key, err) < 0 ? NULL : TAKE(key);
}

static unsigned char *public_der(EVP_PKEY *key, size_t *len_out)
{
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);

	if (len <= 0)
		abort();
	*len_out = (size_t)len;
	return der;
}

const char *key_text(EVP_PKEY *key, char text[KEY_TEXT_BYTES])
{
	size_t len;
	unsigned char *der = public_der(key, &len);
	CLEANUP(text) char *line = base64_text(der, len);

	OPENSSL_free(der);
	assert(strlen(line) < KEY_TEXT_BYTES);
	text_format(text, KEY_TEXT_BYTES, "%s", line);
	return text;
}

/* BER allows one key many forms; only that which we write is its text. */
static bool is_der_of(EVP_PKEY *key, const struct buf *given)
{
	size_t len;
	unsigned char *der = public_der(key, &len);
	bool is_same = len == given->len && memcmp(der, given->data, len) == 0;

	OPENSSL_free(der);
	return is_same;
}

EVP_PKEY *key_parse(const char *text, size_t len, struct error *err)
{
	CLEANUP(buf) struct buf der = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	const unsigned char *at;

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) && text[len - 1])
		len--;
	buf_init(&der, KEY_TEXT_BYTES);
	if (len >= KEY_TEXT_BYTES || base64_decode(text, len, &der) < 0) {
		error_set(err, -EBADMSG, "a public key is one line of Base64 of its DER form");
		return NULL;
	}
	at = (const unsigned char *)buf_text(&der);
	key = d2i_PUBKEY(NULL, &at, (long)der.len);
	if (!key || !is_der_of(key, &der)) {
		identity_error(err, -EBADMSG, "the Base64 text holds no public key");
		return NULL;
	}
	return key_check_foreign(key, err) < 0 ? NULL : TAKE(key);
}

const char *key_pin(EVP_PKEY *key, char pin[KEY_PIN_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];
	size_t len;
	unsigned char *der = public_der(key, &len);
	CLEANUP(text) char *line = NULL;

	SHA256(der, len, digest);
	OPENSSL_free(der);
	line = base64_text(digest, sizeof(digest));
	text_format(pin, KEY_PIN_BYTES, "sha256//%s", line);
	return pin;
}
