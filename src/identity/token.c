#include "identity/token.h"

#include <assert.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/encoding.h"
#include "identity/identity_internal.h"

#define RANDOM_BYTES 24

static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
static const char code_chars[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

static const char *const prefixes[TOKEN_N_KINDS] = {
	[TOKEN_PROVISIONING] = "prov_",
	[TOKEN_STATIC] = "nsk_",
	[TOKEN_INSTALL] = "ins_",
	[TOKEN_API_KEY] = "cst_",
	[TOKEN_CUSTOMER_KEY] = "rbk_live_",
	[TOKEN_DEVICE] = "dev_",
	[TOKEN_ALERT] = "alt_",
};

const char *token_prefix(enum token_kind kind)
{
	return prefixes[kind];
}

/* Divides the number by 62 in place; the remainder is its last digit. */
static unsigned take_digit(unsigned char number[RANDOM_BYTES])
{
	unsigned rest = 0;

	for (size_t i = 0; i < RANDOM_BYTES; i++) {
		unsigned part = rest << 8 | number[i];

		number[i] = (unsigned char)(part / 62);
		rest = part % 62;
	}
	return rest;
}

void token_make(enum token_kind kind, struct token *token_out)
{
	unsigned char number[RANDOM_BYTES];
	size_t n_prefix = strlen(prefixes[kind]);

	memset(token_out, 0, sizeof(*token_out));
	memcpy(token_out->text, prefixes[kind], n_prefix);
	random_fill(number, sizeof(number));
	/* 62^33 > 2^192: nothing is left of the number after its last digit. */
	for (size_t i = TOKEN_RANDOM_CHARS; i-- > 0;)
		token_out->text[n_prefix + i] = base62[take_digit(number)];
}

void token_cleanup(struct token *token)
{
	OPENSSL_cleanse(token, sizeof(*token));
}

/* 1 if low <= c <= high, else 0, without a branch. */
static unsigned is_between(unsigned char c, unsigned char low, unsigned char high)
{
	return (((unsigned)low - 1 - c) & (c - (unsigned)high - 1)) >> 31;
}

bool token_is(enum token_kind kind, const char *text, size_t len)
{
	size_t n_prefix = strlen(prefixes[kind]);
	unsigned is_base62 = 1;

	if (len != n_prefix + TOKEN_RANDOM_CHARS)
		return false;
	for (size_t i = n_prefix; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		is_base62 &=
			is_between(c, '0', '9') | is_between(c, 'A', 'Z') | is_between(c, 'a', 'z');
	}
	return (is_base62 & (CRYPTO_memcmp(text, prefixes[kind], n_prefix) == 0)) != 0;
}

bool token_find_kind(const char *text, size_t len, enum token_kind *kind_out)
{
	for (unsigned kind = 0; kind < TOKEN_N_KINDS; kind++) {
		if (!token_is(kind, text, len))
			continue;
		*kind_out = kind;
		return true;
	}
	return false;
}

const char *token_hash(const char *text, size_t len, char hash[TOKEN_HASH_BYTES])
{
	static EVP_MD *sha256; /* SHA256() would look for it each time, which takes longer */
	unsigned char digest[SHA256_DIGEST_LENGTH];

	if (!sha256)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!sha256 || EVP_Digest(text, len, digest, NULL, sha256, NULL) != 1)
		abort();
	return hex_encode(digest, sizeof(digest), hash);
}

bool token_equal(const char *one, size_t n_one, const char *other, size_t n_other)
{
	return n_one == n_other && CRYPTO_memcmp(one, other, n_one) == 0;
}

const char *nonce_make(char nonce[NONCE_TEXT_BYTES])
{
	unsigned char bytes[(NONCE_TEXT_BYTES - 1) / 2];

	random_fill(bytes, sizeof(bytes));
	return hex_encode(bytes, sizeof(bytes), nonce);
}

bool nonce_is(const char *text)
{
	return hex_is(text, NONCE_TEXT_BYTES - 1);
}

static void code_format(const char chars[8], char code[USER_CODE_BYTES])
{
	text_format(code, USER_CODE_BYTES, "%.4s-%.4s", chars, chars + 4);
}

const char *user_code_make(char code[USER_CODE_BYTES])
{
	char chars[8];

	static_assert(sizeof(code_chars) == 32 + 1, "a power of two: no character is likelier");
	random_fill(chars, sizeof(chars));
	for (size_t i = 0; i < sizeof(chars); i++)
		chars[i] = code_chars[chars[i] & 31];
	code_format(chars, code);
	return code;
}

bool user_code_read(const char *text, size_t len, char code_out[USER_CODE_BYTES])
{
	char chars[8];
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '-' || c == ' ')
			continue;
		if (c >= 'a' && c <= 'z')
			c = (char)(c - 'a' + 'A');
		if (n == sizeof(chars) || c == '\0' || !strchr(code_chars, c))
			return false;
		chars[n++] = c;
	}
	if (n != sizeof(chars) || len > 64)
		return false;
	code_format(chars, code_out);
	return true;
}
