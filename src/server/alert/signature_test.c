#include "server/alert/signature.h"

#include <string.h>

#include "base/test.h"

static struct str str_of(const char *text)
{
	return (struct str) { text, strlen(text) };
}

/* RFC 4231, test case 2. */
#define SECRET "Jefe"
#define BODY "what do ya want for nothing?"
#define HEX "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

TEST(signature_is_that_of_the_rfc)
{
	CHECK(signature_holds(str_of(HEX), str_of(SECRET), NULL, str_of(BODY)));
	CHECK(!signature_holds(str_of(HEX), str_of(SECRET), NULL, str_of(BODY "?")));
	CHECK(!signature_holds(str_of(HEX), str_of("jefe"), NULL, str_of(BODY)));
	CHECK(!signature_holds(str_of(HEX), str_of(SECRET), "1", str_of(BODY)));
	CHECK(!signature_holds((struct str) { HEX, 63 }, str_of(SECRET), NULL, str_of(BODY)));
	CHECK(!signature_holds(str_of(""), str_of(SECRET), NULL, str_of(BODY)));
}

TEST(time_is_signed_with_a_colon_behind_it)
{
	static const char hex[] =
		"4465050c45401b5773979d8e433a19655812d57eaf2fb764d97cabcf4dff5a1b";

	CHECK(signature_holds(str_of(hex), str_of(SECRET), "17", str_of("x")));
	CHECK(signature_holds(str_of(hex), str_of(SECRET), NULL, str_of("17:x")));
	CHECK(!signature_holds(str_of(hex), str_of(SECRET), "18", str_of("x")));
}

TEST(nobody_signs_with_an_empty_secret)
{
	/* HMAC-SHA256 of nothing under the empty key. */
	CHECK(!signature_holds(
		str_of("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad"),
		str_of(""), NULL, str_of("")));
}

TEST(every_signature_of_a_header_is_seen)
{
	const char *at = "v1=aa, v0=bb,v1=,  v1=cc";
	struct str one;

	CHECK(signature_next(&at, &one));
	CHECK(str_is(one, "aa"));
	CHECK(signature_next(&at, &one));
	CHECK(str_is(one, "cc"));
	CHECK(!signature_next(&at, &one));
}
