#include "server/enrol/nonces.h"

#include "base/test.h"

TEST(a_nonce_is_good_once)
{
	struct nonces *nonces = nonces_new();
	char nonce[NONCE_TEXT_BYTES];

	(void)nonces_give(nonces, 5, nonce);
	CHECK(nonces_take(nonces, 6, nonce));
	CHECK(!nonces_take(nonces, 6, nonce));
	nonces_free(nonces);
}

TEST(an_old_nonce_is_refused)
{
	struct nonces *nonces = nonces_new();
	char nonce[NONCE_TEXT_BYTES];

	(void)nonces_give(nonces, 5, nonce);
	CHECK(!nonces_take(nonces, 5 + NONCES_LIFE_NS, nonce));
	nonces_free(nonces);
}

TEST(what_was_never_given_is_refused)
{
	struct nonces *nonces = nonces_new();
	char nonce[NONCE_TEXT_BYTES];

	CHECK(!nonces_take(nonces, 0, nonce_make(nonce)));
	CHECK(!nonces_take(nonces, 0, ""));
	CHECK(!nonces_take(nonces, 0, "' OR 1=1 --"));
	nonces_free(nonces);
}

TEST(only_the_newest_are_remembered)
{
	struct nonces *nonces = nonces_new();
	char first[NONCE_TEXT_BYTES], nonce[NONCE_TEXT_BYTES];

	(void)nonces_give(nonces, 0, first);
	for (int i = 0; i < NONCES_KEPT; i++)
		(void)nonces_give(nonces, 0, nonce);
	CHECK(!nonces_take(nonces, 0, first));
	CHECK(nonces_take(nonces, 0, nonce));
	nonces_free(nonces);
}
