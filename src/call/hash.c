#include "call/hash.h"

#include <openssl/sha.h>
#include <string.h>

#include "base/encoding.h"

const char *hash_text(const void *data, size_t len, char text[HASH_TEXT_BYTES])
{
	unsigned char digest[SHA256_DIGEST_LENGTH];

	SHA256(data, len, digest);
	return hex_encode(digest, sizeof(digest), text);
}

json_t *hash_json(const json_t *value)
{
	CLEANUP(text) char *text = json_canonical(value);
	char hash[HASH_TEXT_BYTES];

	return json_string(hash_text(text, strlen(text), hash));
}
