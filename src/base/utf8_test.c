#include "base/utf8.h"

#include <string.h>

#include "base/test.h"

TEST(text_of_every_length_is_utf8)
{
	CHECK(utf8_is_valid("", 0));
	CHECK(utf8_is_valid("a\0b", 3));
	CHECK(utf8_is_valid("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 9));
	CHECK(utf8_is_valid("\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", 10));
}

TEST(broken_sequences_are_not)
{
	static const char *const bad[] = {
		"\x80",
		"\xc3",
		"\xc0\xaf",
		"\xc1\xbf",
		"\xe0\x80\xaf",
		"\xed\xa0\x80",
		"\xf0\x80\x80\xaf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"a\xe2\x82",
		"\xe2\x28\xa1",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!utf8_is_valid(bad[i], strlen(bad[i])));
}
