/* Tokens and user codes as strangers send them. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "identity/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	char code[USER_CODE_BYTES], again[USER_CODE_BYTES], hash[TOKEN_HASH_BYTES];
	enum token_kind kind;

	if (token_find_kind(text, size, &kind))
		assert(memcmp(text, token_prefix(kind), strlen(token_prefix(kind))) == 0);
	if (user_code_read(text, size, code)) {
		assert(user_code_read(code, strlen(code), again));
		assert(strcmp(code, again) == 0);
	}
	assert(strlen(token_hash(text, size, hash)) == TOKEN_HASH_BYTES - 1);
	return 0;
}
