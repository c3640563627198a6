#include "base/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

TEST(duplicate_keys_are_refused_with_their_place)
{
	const char *text = "{\"a\":1,\n\"a\":2}";
	struct error err = { 0 };

	CHECK(!json_parse(text, strlen(text), 100, &err));
	CHECK_INT(err.code, -EBADMSG);
	CHECK(strstr(err.text, "line 2"));
}

TEST(text_over_the_limit_is_refused)
{
	struct error err = { 0 };

	CHECK(!json_parse("[1,2]", 5, 4, &err));
	CHECK_INT(err.code, -E2BIG);
}

TEST(bytes_that_are_not_utf8_become_replacement_characters)
{
	CLEANUP(json) json_t *text = json_text("a\xff\xc0z\0e\xc3\xa9", 8);

	CHECK_TEXT(json_string_value(text), "a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd"
					    "e\xc3\xa9");
}

TEST(canonical_form_sorts_keys)
{
	CLEANUP(json) json_t *json = json_pack("{s:i, s:i}", "b", 1, "a", 2);
	CLEANUP(text) char *text = json_canonical(json);

	CHECK_TEXT(text, "{\"a\":2,\"b\":1}");
}
