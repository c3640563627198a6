#include "base/merge.h"

#include <string.h>

#include "base/test.h"

static json_t *parse(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_parse(text, strlen(text), KIB, &err);

	if (!json)
		FAIL("%s", err.text);
	return json;
}

static void check_round(const char *from, const char *to, const char *difference)
{
	CLEANUP(json) json_t *old = parse(from);
	CLEANUP(json) json_t *new = parse(to);
	CLEANUP(json) json_t *patch = json_difference(old, new);
	CLEANUP(text) char *text = json_canonical(patch);

	CHECK_TEXT(text, difference);
	json_merge(old, patch);
	CHECK(json_equal(old, new));
}

TEST(only_what_changed_is_said)
{
	check_round("{\"a\":1,\"b\":{\"c\":2,\"d\":3}}", "{\"a\":1,\"b\":{\"c\":2,\"d\":4}}",
		    "{\"b\":{\"d\":4}}");
	check_round("{\"a\":1}", "{\"a\":1}", "{}");
}

TEST(members_come_and_go)
{
	check_round("{\"a\":1,\"b\":2}", "{\"b\":2,\"c\":[1]}", "{\"a\":null,\"c\":[1]}");
	check_round("{\"a\":{\"b\":1}}", "{\"a\":5}", "{\"a\":5}");
	check_round("{\"a\":5}", "{\"a\":{\"b\":{\"c\":1}}}", "{\"a\":{\"b\":{\"c\":1}}}");
}

TEST(lists_are_replaced_whole)
{
	check_round("{\"a\":[1,2,3]}", "{\"a\":[1,2]}", "{\"a\":[1,2]}");
}

TEST(a_null_stands_for_nothing)
{
	CLEANUP(json) json_t *old = parse("{\"a\":1}");
	CLEANUP(json) json_t *new = parse("{\"a\":null,\"b\":null}");
	CLEANUP(json) json_t *patch = json_difference(old, new);

	CHECK_INT(json_object_size(patch), 1);
	json_merge(old, patch);
	CHECK_INT(json_object_size(old), 0);
}

TEST(a_patch_that_is_no_object_changes_nothing)
{
	CLEANUP(json) json_t *old = parse("{\"a\":1}");
	CLEANUP(json) json_t *patch = parse("[1]");

	json_merge(old, patch);
	CHECK_INT(json_object_size(old), 1);
}
