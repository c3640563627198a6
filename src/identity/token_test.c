#include "identity/token.h"

#include <string.h>

#include "base/test.h"

static const enum token_kind kinds[] = {
	TOKEN_PROVISIONING, TOKEN_STATIC,       TOKEN_INSTALL,
	TOKEN_API_KEY,      TOKEN_CUSTOMER_KEY, TOKEN_DEVICE,
};

TEST(a_token_has_the_form_of_its_kind_and_of_no_other)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		CLEANUP(token) struct token token;
		enum token_kind found;

		token_make(kinds[i], &token);
		CHECK_INT(strlen(token.text), strlen(token_prefix(kinds[i])) + TOKEN_RANDOM_CHARS);
		for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
			CHECK_INT(token_is(kinds[k], token.text, strlen(token.text)), k == i);
		CHECK(token_find_kind(token.text, strlen(token.text), &found));
		CHECK_INT(found, kinds[i]);
	}
}

TEST(every_byte_that_is_not_base62_is_refused_at_every_place)
{
	CLEANUP(token) struct token token;
	enum token_kind found;

	token_make(TOKEN_API_KEY, &token);
	for (size_t at = 0; at < strlen(token.text); at++) {
		char kept = token.text[at];

		for (int c = 0; c < 256; c++) {
			bool is_base62 = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
					 (c >= 'a' && c <= 'z');
			bool is_prefix = at < strlen("cst_");

			token.text[at] = (char)c;
			CHECK_INT(token_find_kind(token.text, 4 + TOKEN_RANDOM_CHARS, &found),
				  is_prefix ? (char)c == kept : is_base62);
		}
		token.text[at] = kept;
	}
}

TEST(a_token_of_another_length_is_refused)
{
	CLEANUP(token) struct token token;

	token_make(TOKEN_STATIC, &token);
	CHECK(!token_is(TOKEN_STATIC, token.text, strlen(token.text) - 1));
	CHECK(!token_is(TOKEN_STATIC, token.text, strlen(token.text) + 1));
	CHECK(!token_is(TOKEN_STATIC, "", 0));
}

/* 2^192 is 2.8 times 62^32: the first of 33 digits is 0 to 2, all others take every value. */
TEST(no_character_of_a_token_is_likelier_than_another)
{
	enum {
		N = 20000
	};
	unsigned seen[256] = { 0 };

	for (unsigned i = 0; i < N; i++) {
		CLEANUP(token) struct token token;

		token_make(TOKEN_INSTALL, &token);
		seen[(unsigned char)token.text[4 + i % (TOKEN_RANDOM_CHARS - 1) + 1]]++;
	}
	for (int c = 0; c < 256; c++) {
		bool is_base62 =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');

		/* Mean 320, standard deviation 18: seven of them is never. */
		CHECK(is_base62 ? seen[c] > 195 && seen[c] < 445 : seen[c] == 0);
	}
}

TEST(no_two_tokens_codes_or_nonces_are_the_same)
{
	CLEANUP(token) struct token one;
	CLEANUP(token) struct token two;
	char nonces[2][NONCE_TEXT_BYTES], codes[2][USER_CODE_BYTES];

	token_make(TOKEN_DEVICE, &one);
	token_make(TOKEN_DEVICE, &two);
	CHECK(strcmp(one.text, two.text) != 0);
	CHECK(strcmp(nonce_make(nonces[0]), nonce_make(nonces[1])) != 0);
	CHECK(nonce_is(nonces[0]) && !nonce_is("") &&
	      !nonce_is("0123456789ABCDEF0123456789ABCDEF"));
	CHECK(strcmp(user_code_make(codes[0]), user_code_make(codes[1])) != 0);
}

TEST(the_hash_of_a_token_is_its_sha256)
{
	char hash[TOKEN_HASH_BYTES];

	/* FIPS 180-2, appendix B.1 */
	CHECK_TEXT(token_hash("abc", 3, hash),
		   "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK(token_equal(hash, 64, hash, 64));
	CHECK(!token_equal(hash, 64, hash, 63));
	CHECK(!token_equal("abc", 3, "abd", 3));
	CHECK(token_equal("", 0, "", 0));
}

TEST(a_user_code_is_read_however_it_is_typed)
{
	char code[USER_CODE_BYTES], read[USER_CODE_BYTES] = "";

	for (unsigned i = 0; i < 100; i++) {
		user_code_make(code);
		CHECK(user_code_read(code, strlen(code), read));
		CHECK_TEXT(read, code);
	}
	CHECK(user_code_read("abcd-efgh", 9, read));
	CHECK_TEXT(read, "ABCD-EFGH");
	CHECK(user_code_read(" ab cde - fgh ", 14, read));
	CHECK_TEXT(read, "ABCD-EFGH");
}

TEST(what_is_no_user_code_is_refused)
{
	static const char *const bad[] = {
		"",
		"ABCD-EFG",
		"ABCD-EFGHJ",
		"ABCD-EFG0",
		"ABCD-EFGI",
		"ABCD-EFGO",
		"ABCD-EFG1",
		"ABCD_EFGH",
		"ABCD\nEFGH",
		"\xc3\x84"
		"BCDEFG",
	};
	char read[USER_CODE_BYTES] = "kept";

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!user_code_read(bad[i], strlen(bad[i]), read));
	CHECK(!user_code_read("ABCDEFG\0", 8, read));
	CHECK_TEXT(read, "kept");
}
