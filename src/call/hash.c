#include "call/hash.h"

#include <openssl/sha.h>

#include "base/encoding.h"

const char *hash_text(const void *data, size_t len, char text[HASH_TEXT_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, len, digest);
	return hex_encode(digest, sizeof(digest), text);
}
