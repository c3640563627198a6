/* Key sets, tokens, and claims that a trusted issuer signed: what is taken is what was wanted. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>

#include "identity/access_token.h"
#include "identity/test_issuer.h"

#define NOW_S 1800000000
#define ISSUER "https://issuer"
#define US "https://us"

static void try_token(const char *text, size_t size, const struct key_set *keys)
{
	const struct access_rule rule = {
		.issuer = ISSUER, .audience = US, .keys = keys, .now_s = NOW_S
	};
	CLEANUP(access_token) struct access_token token = { 0 };
	struct error err = { 0 };
	int r = access_token_verify(text, size, &rule, &token, &err);

	assert(ERR_peek_error() == 0);
	if (r < 0) {
		assert(err.code == r && err.text[0] && !token.claims);
		return;
	}
	assert(access_token_is(text, size));
	assert(strcmp(json_get_text(token.claims, "iss", ""), ISSUER) == 0);
	assert(access_token_claims(&token, "aud", US));
	assert(token.subject[0] && token.expires_s + 60 > NOW_S);
	assert(!access_token_has_scope(&token, ""));
}

static void try_set(const char *text, size_t size)
{
	CLEANUP(key_set) struct key_set set = { 0 };
	struct error err = { 0 };

	if (key_set_parse(text, size, &set, &err) < 0)
		assert(!set.n && err.text[0]);
	else
		assert(set.n && set.n <= KEY_SET_MAX_KEYS);
	assert(ERR_peek_error() == 0);
}

static void make_keys(struct test_issuer *issuer, struct key_set *keys)
{
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };

	test_issuer_make(issuer);
	document = test_issuer_set(issuer);
	text = json_canonical(document);
	assert(key_set_parse(text, strlen(text), keys, &err) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct test_issuer issuer;
	static struct key_set keys;
	static json_t *head;
	CLEANUP(text) char *signed_text = NULL;

	if (!head) {
		make_keys(&issuer, &keys);
		head = test_issuer_head(KEY_EDDSA);
	}
	try_set((const char *)data, size);
	try_token((const char *)data, size, &keys);
	signed_text = test_issuer_sign(&issuer, KEY_EDDSA, head,
				       (struct str) { (const char *)data, size });
	try_token(signed_text, strlen(signed_text), &keys);
	return 0;
}
