#include "server/org/credential.h"

#include <string.h>

#include "base/test.h"

TEST(a_credential_is_kept_as_id_and_hash_of_what_is_shown)
{
	struct credential credential = { 0 };
	char hash[TOKEN_HASH_BYTES];
	enum token_kind kind;

	credential_make(TOKEN_CUSTOMER_KEY, &credential);
	CHECK(token_find_kind(credential.token.text, strlen(credential.token.text), &kind));
	CHECK_INT(kind, TOKEN_CUSTOMER_KEY);
	CHECK_TEXT(credential.hash,
		   token_hash(credential.token.text, strlen(credential.token.text), hash));
	CHECK(strncmp(credential.id, "key_", 4) == 0 && strlen(credential.id) == 24);
	credential_make(TOKEN_STATIC, &credential);
	CHECK(strncmp(credential.id, "token_", 6) == 0);
}

TEST(an_id_says_nothing_of_its_secret)
{
	struct credential one = { 0 }, other = { 0 };

	credential_make(TOKEN_API_KEY, &one);
	credential_make(TOKEN_API_KEY, &other);
	CHECK(strcmp(one.id, other.id) != 0 && strcmp(one.hash, other.hash) != 0);
	CHECK(!strstr(one.token.text, one.id + 4) && strncmp(one.hash, one.id + 4, 20) != 0);
}
