#include "server/org/vault.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "identity/file.h"

#define KEY_BYTES 32
#define KEY_DIGITS (2 * KEY_BYTES)
#define NONCE_BYTES 12
#define TAG_BYTES 16
#define PLACE_BYTES 512

struct vault {
	unsigned char key[KEY_BYTES];
};

/* As a line of hex: people copy such files as text. */
static int make_key(const char *path, unsigned char key[KEY_BYTES], struct error *err)
{
	char line[HEX_TEXT_BYTES(KEY_BYTES) + 1];
	int r;

	if (RAND_bytes(key, KEY_BYTES) != 1)
		abort();
	(void)hex_encode(key, KEY_BYTES, line);
	line[KEY_DIGITS] = '\n';
	r = file_save_private(path, line, KEY_DIGITS + 1, err);
	OPENSSL_cleanse(line, sizeof(line));
	return r;
}

static int read_key(struct buf *text, const char *path, unsigned char key[KEY_BYTES],
		    struct error *err)
{
	if (text->len && text->data[text->len - 1] == '\n')
		text->data[--text->len] = '\0';
	if (text->len != KEY_DIGITS || hex_decode(text->data, key, KEY_BYTES) < 0)
		return error_set(err, -EBADMSG, "'%s' is no key of a vault", path);
	return 0;
}

struct vault *vault_open(const char *path, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	struct vault *vault = calloc(1, sizeof(*vault));
	struct error why = { 0 };
	int r;

	if (!vault)
		abort();
	buf_init(&text, KIB);
	r = file_load_private(path, &text, &why);
	if (r == 0)
		r = read_key(&text, path, vault->key, &why);
	else if (r == -ENOENT)
		r = make_key(path, vault->key, &why);
	if (r == 0)
		return vault;
	vault_free(vault);
	*err = why;
	return NULL;
}

void vault_free(struct vault *vault)
{
	if (!vault)
		return;
	OPENSSL_cleanse(vault, sizeof(*vault));
	free(vault);
}

/* Where a seal belongs, with its lengths, so that no two places have one text. */
static int place_of(const char *org, const char *use, char place[PLACE_BYTES])
{
	text_format(place, PLACE_BYTES, "constable-vault-1 %zu %s %zu %s", strlen(org), org,
		    strlen(use), use);
	return (int)strlen(place);
}

char *vault_seal(const struct vault *vault, const char *org, const char *use, const void *secret,
		 size_t len)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	size_t total = NONCE_BYTES + len + TAG_BYTES;
	unsigned char *sealed = malloc(total), *body = sealed ? sealed + NONCE_BYTES : NULL;
	char place[PLACE_BYTES], *text;
	int n, n_place = place_of(org, use, place);

	if (!context || !sealed || len > VAULT_MAX_BYTES || RAND_bytes(sealed, NONCE_BYTES) != 1 ||
	    EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, vault->key, sealed) != 1 ||
	    EVP_EncryptUpdate(context, NULL, &n, (const unsigned char *)place, n_place) != 1 ||
	    EVP_EncryptUpdate(context, body, &n, secret, (int)len) != 1 ||
	    EVP_EncryptFinal_ex(context, body + n, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, TAG_BYTES, body + len) != 1)
		abort();
	text = base64_text(sealed, total);
	EVP_CIPHER_CTX_free(context);
	free(sealed);
	return text;
}

static bool decrypt(const struct vault *vault, const char *place, struct buf *sealed, char *plain)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *bytes = (unsigned char *)sealed->data;
	int n, n_body = (int)(sealed->len - NONCE_BYTES - TAG_BYTES);
	bool holds;

	if (!context)
		abort();
	holds = EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, vault->key, bytes) == 1 &&
		EVP_DecryptUpdate(context, NULL, &n, (const unsigned char *)place,
				  (int)strlen(place)) == 1 &&
		EVP_DecryptUpdate(context, (unsigned char *)plain, &n, bytes + NONCE_BYTES,
				  n_body) == 1 &&
		EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, TAG_BYTES,
				    bytes + NONCE_BYTES + n_body) == 1 &&
		EVP_DecryptFinal_ex(context, (unsigned char *)plain + n, &n) == 1;
	EVP_CIPHER_CTX_free(context);
	return holds;
}

int vault_unseal(const struct vault *vault, const char *org, const char *use, const char *sealed,
		 struct buf *secret_out, struct error *err)
{
	CLEANUP(buf) struct buf bytes = { 0 };
	char place[PLACE_BYTES], *plain;
	size_t len;
	int r = 0;

	buf_init(&bytes, VAULT_MAX_BYTES + NONCE_BYTES + TAG_BYTES);
	if (base64_decode(sealed, strlen(sealed), &bytes) < 0 ||
	    bytes.len < NONCE_BYTES + TAG_BYTES)
		return error_set(err, -EBADMSG, "this is no sealed secret");
	(void)place_of(org, use, place);
	len = bytes.len - NONCE_BYTES - TAG_BYTES;
	plain = calloc(1, len + TAG_BYTES);
	if (!plain)
		abort();
	if (decrypt(vault, place, &bytes, plain))
		buf_add(secret_out, plain, len);
	else
		r = error_set(err, -EBADMSG,
			      "a sealed secret does not open: it was sealed with another "
			      "vault.key, or for something else");
	OPENSSL_cleanse(plain, len);
	free(plain);
	return r;
}
