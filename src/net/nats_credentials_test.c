#include "net/nats_credentials.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/test.h"

/* Of the bytes 0 to 31, and what another implementation of Ed25519 says of them. */
#define SEED "SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776Y"
#define OF_AN_ACCOUNT "SAAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4HYMHI"
#define PUBLIC "UAB2CB576PHBBPQ5ODORRZ2LYCMWPZGWGCN2KDK7DXOIMZASKUY3RLKK"
#define SIGNATURE \
	"CjAGYLh0EJNNY9mPXYjXXFz_CNIMQAaTkrve2YxAcWzab6HQxKpSqsNR_kA4vJQA8x4H3cqmBosS4fC2I59ABA"
#define JWT_LINES "-----BEGIN NATS USER JWT-----\neyJ0.eyJq-_.c2ln\n------END NATS USER JWT------\n"
#define SEED_LINES \
	"-----BEGIN USER NKEY SEED-----\r\n" SEED "\r\n------END USER NKEY SEED------\r\n"

static int parse(const char *text, struct nats_credentials *out)
{
	struct error err = { 0 };
	int r = nats_credentials_parse(text, strlen(text), out, &err);

	CHECK(r == 0 || (err.code == r && err.text[0] && !strstr(err.text, "SUAA")));
	return r;
}

TEST(a_line_is_a_user_with_a_password_or_a_token)
{
	struct nats_credentials said;

	CHECK_INT(parse("ana:pass:word\n", &said), 0);
	CHECK_TEXT(said.user, "ana");
	CHECK_TEXT(said.password, "pass:word");
	CHECK(!said.token && !said.key && nats_credentials_are_there(&said));
	nats_credentials_finish(&said);
	CHECK(!nats_credentials_are_there(&said));
	CHECK_INT(parse("t\xc3\xb6ken\r\n", &said), 0);
	CHECK_TEXT(said.token, "t\xc3\xb6ken");
	nats_credentials_finish(&said);
	CHECK_INT(parse("ana:", &said), 0);
	CHECK_TEXT(said.password, "");
	nats_credentials_finish(&said);
}

TEST(a_seed_is_a_key_that_signs_what_the_server_asks)
{
	struct nats_credentials said;
	char *signature, longest[NATS_NONCE_MAX_BYTES + 2] = "";

	CHECK_INT(parse(SEED "\n", &said), 0);
	CHECK_TEXT(said.public_key, PUBLIC);
	CHECK(!said.jwt);
	signature = nats_credentials_sign(&said, "AbC-_09nonce");
	CHECK_TEXT(signature, SIGNATURE);
	free(signature);
	CHECK(!nats_credentials_sign(&said, ""));
	memset(longest, 'a', sizeof(longest) - 1);
	CHECK(!nats_credentials_sign(&said, longest));
	nats_credentials_finish(&said);
}

TEST(a_file_has_a_seed_and_a_jwt_between_dashes)
{
	struct nats_credentials said;

	CHECK_INT(parse(JWT_LINES "\n**** a word of warning\n\n" SEED_LINES "*****\n", &said), 0);
	CHECK_TEXT(said.jwt, "eyJ0.eyJq-_.c2ln");
	CHECK_TEXT(said.public_key, PUBLIC);
	CHECK(nats_credentials_are_there(&said) && !said.user && !said.token);
	nats_credentials_finish(&said);
	CHECK_INT(parse(SEED_LINES, &said), 0);
	CHECK(!said.jwt);
	nats_credentials_finish(&said);
}

TEST(what_is_none_is_refused_with_a_sentence)
{
	static const char *const wrong[] = {
		"",
		"\n\n",
		":password",
		"a:b\nc:d\n",
		"tok\xff\xfe",
		"ana:\xc3",
		OF_AN_ACCOUNT,
		"SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H776A",
		"SUAAAAICAMCAKBQHBAEQUCYMBUHA6EARCIJRIFIWC4MBSGQ3DQOR4H777Y",
		JWT_LINES,
		JWT_LINES JWT_LINES SEED_LINES,
		SEED_LINES SEED_LINES,
		"-----BEGIN NATS USER JWT-----\na b.c.d\n----\n" SEED_LINES,
		"-----BEGIN NATS USER JWT-----\na.b\n----\n" SEED_LINES,
		"-----BEGIN USER NKEY SEED-----\nSUAA\n----\n",
		"-----BEGIN USER NKEY SEED-----\n" OF_AN_ACCOUNT "\n----\n",
	};
	struct nats_credentials said = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		CHECK_INT(parse(wrong[i], &said), -EINVAL);
	CHECK_INT(nats_credentials_parse("a\0b", 3, &said, &err), -EINVAL);
	CHECK(!nats_credentials_are_there(&said));
}
