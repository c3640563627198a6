#include "net/nats_credentials.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/scan.h"
#include "base/utf8.h"

#define SEED_BYTES 32
#define SEED_TEXT_BYTES 58
#define SEED_RAW_BYTES (2 + SEED_BYTES + 2)   /* what it is, and a CRC */
#define PUBLIC_RAW_BYTES (1 + SEED_BYTES + 2) /* the same */
#define IS_SEED 0x90                          /* 'S' in the five bits that come first */
#define OF_USER 0xa0                          /* 'U' */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

static void wipe(char **text)
{
	if (*text)
		explicit_bzero(*text, strlen(*text));
	free(*text);
	*text = NULL;
}

void nats_credentials_finish(struct nats_credentials *credentials)
{
	wipe(&credentials->user);
	wipe(&credentials->password);
	wipe(&credentials->token);
	wipe(&credentials->jwt);
	EVP_PKEY_free(credentials->key);
	*credentials = (struct nats_credentials) { 0 };
}

bool nats_credentials_are_there(const struct nats_credentials *credentials)
{
	return credentials->user || credentials->token || credentials->key;
}

/* --- keys of NATS: Base32 without padding, of what it is, 32 bytes, and their CRC ---------------
 */

/* CRC-16/XMODEM */
static unsigned checksum(const unsigned char *bytes, size_t len)
{
	unsigned crc = 0;

	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned)bytes[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) & 0xffff : crc << 1;
	}
	return crc;
}

static bool is_base32(struct str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!text.data[i] || !strchr(digits, text.data[i]))
			return false;
	return true;
}

/* Each digit is of is_base32(). What is over at the end must be zero. */
static bool decode(struct str text, unsigned char *bytes, size_t len)
{
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		bits = (bits << 5 | (unsigned)(strchr(digits, text.data[i]) - digits)) & 0xfff;
		n_bits += 5;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		if (n == len)
			return false;
		bytes[n++] = (unsigned char)(bits >> n_bits);
	}
	return n == len && !(bits & ((1U << n_bits) - 1));
}

static void encode(const unsigned char *bytes, size_t len, char *text)
{
	unsigned bits = 0, n_bits = 0;

	for (size_t i = 0; i < len; i++) {
		bits = (bits << 8 | bytes[i]) & 0xfff;
		for (n_bits += 8; n_bits >= 5;) {
			n_bits -= 5;
			*text++ = digits[bits >> n_bits & 31];
		}
	}
	if (n_bits)
		*text++ = digits[bits << (5 - n_bits) & 31];
	*text = '\0';
}

static void name_key(struct nats_credentials *credentials)
{
	unsigned char raw[PUBLIC_RAW_BYTES] = { OF_USER };
	size_t len = SEED_BYTES;
	unsigned crc;

	if (EVP_PKEY_get_raw_public_key(credentials->key, raw + 1, &len) != 1 || len != SEED_BYTES)
		abort();
	crc = checksum(raw, 1 + SEED_BYTES);
	raw[1 + SEED_BYTES] = (unsigned char)crc;
	raw[2 + SEED_BYTES] = (unsigned char)(crc >> 8);
	encode(raw, sizeof(raw), credentials->public_key);
}

static int take_seed(struct str text, struct nats_credentials *credentials, struct error *err)
{
	unsigned char raw[SEED_RAW_BYTES];
	const unsigned char *crc = raw + 2 + SEED_BYTES;
	int r = 0;

	if (!is_base32(text) || !decode(text, raw, sizeof(raw)) ||
	    checksum(raw, 2 + SEED_BYTES) != (crc[0] | (unsigned)crc[1] << 8))
		r = error_set(err, -EINVAL, "what should be a seed of NATS is none, or damaged");
	else if (raw[0] != (IS_SEED | OF_USER >> 5) || raw[1] != (OF_USER << 3 & 0xff))
		r = error_set(err, -EINVAL, "the seed is not that of a user, SU...");
	else
		credentials->key =
			EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, raw + 2, SEED_BYTES);
	explicit_bzero(raw, sizeof(raw));
	if (r == 0 && !credentials->key)
		abort();
	if (r == 0)
		name_key(credentials);
	return r;
}

char *nats_credentials_sign(const struct nats_credentials *credentials, const char *nonce)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[64];
	size_t len = sizeof(signature), n = strlen(nonce);
	int r;

	if (!n || n > NATS_NONCE_MAX_BYTES) {
		EVP_MD_CTX_free(context);
		return NULL;
	}
	r = context && EVP_DigestSignInit(context, NULL, NULL, NULL, credentials->key) == 1 &&
	    EVP_DigestSign(context, signature, &len, (const unsigned char *)nonce, n) == 1;
	EVP_MD_CTX_free(context);
	if (!r)
		abort();
	return base64url_text(signature, len);
}

/* --- files --------------------------------------------------------------------------------------
 */

static struct str trim(struct str text)
{
	while (text.len && strchr(" \t\r\n", text.data[0])) {
		text.data++;
		text.len--;
	}
	while (text.len && strchr(" \t\r\n", text.data[text.len - 1]))
		text.len--;
	return text;
}

static char *copy(struct str text)
{
	char *copied = strndup(text.data, text.len);

	if (!copied)
		abort();
	return copied;
}

static int take_jwt(struct str text, struct nats_credentials *credentials, struct error *err)
{
	unsigned n_dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		n_dots += c == '.';
		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') && !(c >= 'a' && c <= 'z') &&
		    !strchr("-_.", c))
			return error_set(err, -EINVAL, "its JWT is none");
	}
	if (n_dots != 2 || credentials->jwt)
		return error_set(err, -EINVAL,
				 credentials->jwt ? "it has two JWTs" : "its JWT is none");
	credentials->jwt = copy(text);
	return 0;
}

/* "-----BEGIN NATS USER JWT-----", the JWT, dashes; the same with USER NKEY SEED. */
static int take_lines(const char *at, struct nats_credentials *credentials, struct error *err)
{
	enum {
		NOTHING,
		JWT,
		SEED
	} next = NOTHING;
	struct str line;
	int r = 0;

	while (r == 0 && *at && scan_line(&at, &line)) {
		line = trim(line);
		if (str_starts(line, "---")) {
			next = memmem(line.data, line.len, "BEGIN NATS USER JWT", 19)    ? JWT
			       : memmem(line.data, line.len, "BEGIN USER NKEY SEED", 20) ? SEED
											 : NOTHING;
		} else if (line.len && next == JWT) {
			r = take_jwt(line, credentials, err);
		} else if (line.len && next == SEED) {
			r = credentials->key ? error_set(err, -EINVAL, "it has two seeds")
					     : take_seed(line, credentials, err);
		}
	}
	if (r == 0 && !credentials->key)
		return error_set(err, -EINVAL, "it has no seed of a user between lines of dashes");
	return r;
}

static int take_line(struct str line, struct nats_credentials *credentials, struct error *err)
{
	const char *colon = memchr(line.data, ':', line.len);

	if (!line.len || colon == line.data || memchr(line.data, '\n', line.len))
		return error_set(err, -EINVAL,
				 "expected one line, USER:PASSWORD, a token or a seed, or a file "
				 ".creds");
	if (line.len == SEED_TEXT_BYTES && str_starts(line, "S") && is_base32(line))
		return take_seed(line, credentials, err);
	if (!colon) {
		credentials->token = copy(line);
		return 0;
	}
	credentials->user = copy((struct str) { line.data, (size_t)(colon - line.data) });
	credentials->password =
		copy((struct str) { colon + 1, line.len - (size_t)(colon + 1 - line.data) });
	return 0;
}

int nats_credentials_parse(const char *text, size_t len, struct nats_credentials *out,
			   struct error *err)
{
	struct nats_credentials credentials = { 0 };
	char *whole;
	int r;

	if (len > NATS_CREDENTIALS_MAX_BYTES)
		return error_set(err, -EINVAL, "it is too long");
	if (memchr(text, '\0', len) || !utf8_is_valid(text, len))
		return error_set(err, -EINVAL, "it is not UTF-8 text");
	whole = copy((struct str) { text, len });
	r = strstr(whole, "---BEGIN ")
		    ? take_lines(whole, &credentials, err)
		    : take_line(trim((struct str) { whole, len }), &credentials, err);
	wipe(&whole);
	if (r < 0) {
		nats_credentials_finish(&credentials);
		return r;
	}
	*out = credentials;
	return 0;
}
