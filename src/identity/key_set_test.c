#include "identity/key_set.h"

#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/test.h"
#include "identity/key.h"
#include "identity/test_issuer.h"

/* RFC 8037, appendix A.2, and RFC 7515, appendix A.3. */
static const char published[] = "{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"a\","
				"\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"},"
				"{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"b\",\"alg\":\"ES256\","
				"\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
				"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";

static int parse(const json_t *document, struct key_set *set_out)
{
	CLEANUP(text) char *text = json_canonical(document);
	struct error err = { 0 };
	int r = key_set_parse(text, strlen(text), set_out, &err);

	CHECK(r == 0 || (err.code == r && err.text[0] && !set_out->n));
	CHECK(ERR_peek_error() == 0);
	return r;
}

/* A set of this key alone. */
static int parse_one(json_t *jwk)
{
	CLEANUP(json) json_t *document = json_pack("{s:[o]}", "keys", jwk);
	CLEANUP(key_set) struct key_set set = { 0 };

	return parse(document, &set);
}

TEST(published_keys_are_read)
{
	CLEANUP(key_set) struct key_set set = { 0 };
	struct error err = { 0 };

	CHECK_OK(key_set_parse(published, strlen(published), &set, &err), err);
	CHECK_INT(set.n, 2);
	CHECK(key_is(key_set_find(&set, "a", KEY_EDDSA), KEY_ED25519));
	CHECK(key_is(key_set_find(&set, "b", KEY_ES256), KEY_EC_P256));
}

TEST(a_key_is_found_by_its_id_and_good_for_its_own_algorithm_alone)
{
	CLEANUP(test_issuer) struct test_issuer issuer = { 0 };
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(key_set) struct key_set set = { 0 };

	test_issuer_make(&issuer);
	document = test_issuer_set(&issuer);
	CHECK_INT(parse(document, &set), 0);
	CHECK(key_equal(key_set_find(&set, "RS256", KEY_RS256), issuer.keys[KEY_RS256]));
	CHECK(key_equal(key_set_find(&set, "ES256", KEY_ES256), issuer.keys[KEY_ES256]));
	CHECK(!key_set_find(&set, "RS256", KEY_ES256));
	CHECK(!key_set_find(&set, "other", KEY_RS256));
	CHECK(key_set_find(&set, NULL, KEY_EDDSA));
}

TEST(without_an_id_there_is_no_choice_between_two)
{
	CLEANUP(test_issuer) struct test_issuer one = { 0 };
	CLEANUP(test_issuer) struct test_issuer other = { 0 };
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(key_set) struct key_set set = { 0 };

	test_issuer_make(&one);
	test_issuer_make(&other);
	document = json_pack("{s:[o, o]}", "keys", test_issuer_jwk(&one, KEY_ES256, "1"),
			     test_issuer_jwk(&other, KEY_ES256, "2"));
	CHECK_INT(parse(document, &set), 0);
	CHECK(!key_set_find(&set, NULL, KEY_ES256));
	CHECK(key_set_find(&set, "2", KEY_ES256));
	json_put(json_array_get(json_object_get(document, "keys"), 1), "kid", json_string("1"));
	key_set_finish(&set);
	CHECK_INT(parse(document, &set), -EBADMSG);
}

TEST(keys_that_check_no_signature_are_passed_over)
{
	CLEANUP(test_issuer) struct test_issuer issuer = { 0 };
	static const struct {
		const char *member, *value;
	} rows[] = {
		{ "use", "enc" },       { "alg", "RS512" }, { "alg", "none" }, { "kty", "oct" },
		{ "crv", "secp256k1" }, { "x", "AA" },      { "x", "!" },      { "kty", "OKP" },
	};

	test_issuer_make(&issuer);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		json_t *jwk = test_issuer_jwk(&issuer, KEY_ES256, "k");

		json_put(jwk, rows[i].member, json_string(rows[i].value));
		CHECK_INT(parse_one(jwk), -EKEYREJECTED);
	}
	json_t *signs = test_issuer_jwk(&issuer, KEY_ES256, "k");

	json_put(signs, "key_ops", json_pack("[s]", "sign"));
	CHECK_INT(parse_one(signs), -EKEYREJECTED);
	json_t *off_curve = test_issuer_jwk(&issuer, KEY_ES256, "k");

	json_put(off_curve, "y", json_incref(json_object_get(off_curve, "x")));
	CHECK_INT(parse_one(off_curve), -EKEYREJECTED);
	json_t *unsafe = test_issuer_jwk(&issuer, KEY_RS256, "k");

	json_put(unsafe, "e", json_string("AQ")); /* 1: every signature would hold */
	CHECK_INT(parse_one(unsafe), -EKEYREJECTED);
}

TEST(what_is_no_key_set_is_refused)
{
	static const char *const refused[] = {
		"", "{", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[]}", "{\"keys\":[1,null,{}]}"
	};

	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		CLEANUP(key_set) struct key_set set = { 0 };
		struct error err = { 0 };

		CHECK(key_set_parse(refused[i], strlen(refused[i]), &set, &err) < 0);
		CHECK(err.text[0] && !set.n);
	}
}

TEST(a_set_of_too_many_keys_is_refused)
{
	CLEANUP(json) json_t *document = json_pack("{s:[]}", "keys");
	CLEANUP(key_set) struct key_set set = { 0 };

	for (unsigned i = 0; i <= KEY_SET_MAX_KEYS; i++)
		json_push(json_object_get(document, "keys"), json_object());
	CHECK_INT(parse(document, &set), -E2BIG);
}
