#include "identity/statement.h"

#include <errno.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/encoding.h"
#include "base/test.h"
#include "identity/key.h"

static json_t *sealed_by(EVP_PKEY *key, const char *domain)
{
	CLEANUP(json) json_t *statement = json_pack("{s:s, s:i}", "domain", domain, "b", 1);

	return statement_seal(statement, key);
}

static void check_open(const json_t *sealed, EVP_PKEY *key, int code)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *statement = statement_open(sealed, "test.v1", key, &err);

	CHECK_INT(err.code, code);
	CHECK_INT(!statement, code != 0);
}

TEST(a_statement_opens_with_the_key_that_sealed_it)
{
	CLEANUP(key) EVP_PKEY *rsa = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);

	for (int i = 0; i < 3; i++) {
		CLEANUP(key) EVP_PKEY *made = key_make(i == 0 ? KEY_EC_P256 : KEY_ED25519);
		EVP_PKEY *key = i == 2 ? rsa : made;
		CLEANUP(json) json_t *sealed = sealed_by(key, "test.v1");

		CHECK_TEXT(json_get_text(sealed, "statement", ""),
			   "{\"b\":1,\"domain\":\"test.v1\"}");
		check_open(sealed, key, 0);
	}
}

TEST(another_key_does_not_open_it)
{
	CLEANUP(key) EVP_PKEY *mine = key_make(KEY_ED25519);
	CLEANUP(key) EVP_PKEY *yours = key_make(KEY_ED25519);
	CLEANUP(key) EVP_PKEY *curve = key_make(KEY_EC_P256);
	CLEANUP(key) EVP_PKEY *exchange = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	CLEANUP(json) json_t *sealed = sealed_by(mine, "test.v1");

	check_open(sealed, yours, -EBADE);
	check_open(sealed, curve, -EBADE);
	check_open(sealed, exchange, -EBADE);
}

TEST(a_statement_made_for_something_else_is_refused)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	CLEANUP(json) json_t *later = sealed_by(key, "test.v10");
	CLEANUP(json) json_t *sooner = sealed_by(key, "test.v");

	check_open(later, key, -EPROTOTYPE);
	check_open(sooner, key, -EPROTOTYPE);
}

TEST(no_byte_of_text_or_signature_can_change)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	CLEANUP(json) json_t *sealed = sealed_by(key, "test.v1");
	static const char *const members[] = { "statement", "signature" };

	for (size_t m = 0; m < ARRAY_LEN(members); m++) {
		const char *good = json_get_text(sealed, members[m], "");

		for (size_t i = 0; i < strlen(good); i++) {
			CLEANUP(json) json_t *changed = json_deep_copy(sealed);
			char text[256];

			text_format(text, sizeof(text), "%s", good);
			text[i] = text[i] == 'A' ? 'B' : 'A';
			json_put(changed, members[m], json_string(text));
			check_open(changed, key, -EBADE);
		}
	}
}

/* Signs any text, as somebody who holds a key but not our code would. */
static json_t *sign_text(EVP_PKEY *key, const char *text)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char signature[64];
	CLEANUP(text) char *line = NULL;
	size_t len = sizeof(signature);

	CHECK(EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1);
	CHECK(EVP_DigestSign(context, signature, &len, (const unsigned char *)text, strlen(text)) ==
	      1);
	EVP_MD_CTX_free(context);
	line = base64_text(signature, len);
	return json_pack("{s:s, s:s}", "statement", text, "signature", line);
}

TEST(a_signed_text_in_another_form_is_refused)
{
	static const char *const texts[] = {
		"{\"domain\":\"test.v1\",\"b\":1}",
		"{\"b\":1,\"domain\":\"test.v1\"} ",
		"{\"b\": 1,\"domain\":\"test.v1\"}",
		"{\"b\":1,\"b\":1,\"domain\":\"test.v1\"}",
		"{\"b\":1,\"domain\":\"test.v\\u0031\"}",
		"[\"domain\",\"test.v1\"]",
		"\"test.v1\"",
		"",
	};
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		CLEANUP(json) json_t *sealed = sign_text(key, texts[i]);

		check_open(sealed, key, -EBADMSG);
	}
}

TEST(what_is_not_sealed_at_all_is_refused)
{
	CLEANUP(key) EVP_PKEY *key = key_make(KEY_ED25519);
	CLEANUP(json) json_t *sealed = sealed_by(key, "test.v1");
	CLEANUP(json) json_t *empty = json_object();
	CLEANUP(json) json_t *array = json_array();
	CLEANUP(json) json_t *huge = json_deep_copy(sealed);
	CLEANUP(text) char *text = malloc(STATEMENT_MAX_BYTES + 2);

	check_open(NULL, key, -EBADMSG);
	check_open(empty, key, -EBADMSG);
	check_open(array, key, -EBADMSG);
	memset(text, ' ', STATEMENT_MAX_BYTES + 1);
	text[STATEMENT_MAX_BYTES + 1] = '\0';
	json_put(huge, "statement", json_string(text));
	check_open(huge, key, -E2BIG);
	json_put(huge, "statement", json_integer(1));
	check_open(huge, key, -EBADMSG);
	CHECK_INT(json_object_del(sealed, "signature"), 0);
	check_open(sealed, key, -EBADE);
	json_put(sealed, "signature", json_string(text));
	check_open(sealed, key, -EBADE);
}
