#include "call/hash.h"

#include <openssl/sha.h>

void hash_hex(const void *bytes, size_t len, char *text)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = bytes;

	for (size_t i = 0; i < len; i++) {
		*text++ = digits[at[i] >> 4];
		*text++ = digits[at[i] & 15];
	}
	*text = '\0';
}

const char *hash_text(const void *data, size_t len, char text[HASH_TEXT_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, len, digest);
	hash_hex(digest, sizeof(digest), text);
	return text;
}
