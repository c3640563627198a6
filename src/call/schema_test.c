#include "call/schema.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static json_t *read_json(const char *text)
{
	struct error err = { 0 };
	json_t *json = json_loads(text, JSON_DECODE_ANY, NULL);

	if (!json)
		fail_msg("%s %s", text, err.text);
	return json;
}

static void check_fits(const char *schema_text, const char *value_text)
{
	CLEANUP(json) json_t *schema = read_json(schema_text);
	CLEANUP(json) json_t *value = read_json(value_text);
	struct error err = { 0 };

	CHECK_OK(schema_check_self(schema, &err), err);
	CHECK_OK(schema_check(schema, value, &err), err);
	CHECK_TEXT(err.text, "");
}

static void check_refused(const char *schema_text, const char *value_text, const char *sentence)
{
	CLEANUP(json) json_t *schema = read_json(schema_text);
	CLEANUP(json) json_t *value = read_json(value_text);
	struct error err = { 0 };

	CHECK_OK(schema_check_self(schema, &err), err);
	CHECK_INT(schema_check(schema, value, &err), -EINVAL);
	CHECK_TEXT(err.text, sentence);
}

static void check_bad_schema(const char *schema_text, const char *sentence)
{
	CLEANUP(json) json_t *schema = read_json(schema_text);
	struct error err = { 0 };

	CHECK_INT(schema_check_self(schema, &err), -EINVAL);
	CHECK_TEXT(err.text, sentence);
}

TEST(numbers_outside_their_bounds_are_refused_with_bound_and_place)
{
	const char *schema = "{\"properties\":{\"pid\":{\"type\":\"integer\",\"minimum\":1,"
			     "\"maximum\":9007199254740993}}}";

	check_fits(schema, "{\"pid\":1}");
	check_fits(schema, "{\"pid\":9007199254740993}");
	check_refused(schema, "{\"pid\":0}", "/pid: 0 is below the minimum of 1");
	check_refused(schema, "{\"pid\":9007199254740994}",
		      "/pid: 9007199254740994 is above the maximum of 9007199254740993");
	check_refused("{\"maximum\":0.5}", "1", "value: 1 is above the maximum of 0.5");
}

TEST(a_value_of_another_type_is_refused)
{
	check_refused("{\"type\":\"object\"}", "[]", "value: must be of type object");
	check_refused("{\"type\":\"integer\"}", "1.0", "value: must be of type integer");
	check_refused("{\"type\":\"boolean\"}", "0", "value: must be of type boolean");
	check_refused("{\"type\":\"string\"}", "null", "value: must be of type string");
	check_refused("{\"type\":[\"string\",\"null\"]}", "{}",
		      "value: must be of type string or null");
	check_fits("{\"type\":[\"string\",\"null\"]}", "null");
	check_fits("{\"type\":\"number\"}", "1");
	check_fits("{\"type\":\"number\"}", "1.5");
}

TEST(a_missing_member_is_refused_where_it_should_be)
{
	check_refused("{\"items\":{\"required\":[\"a/b\"]}}", "[{\"a/b\":1},{}]",
		      "/1/a~1b: is required");
}

TEST(an_unknown_member_is_refused_and_the_known_ones_named)
{
	const char *schema = "{\"properties\":{\"pid\":{},\"max\":{}},"
			     "\"additionalProperties\":false}";

	check_fits(schema, "{\"pid\":1}");
	check_refused(schema, "{\"pdi\":1}", "/pdi: is not allowed here; known are pid, max");
	check_refused("{\"additionalProperties\":false}", "{\"x\":1}",
		      "/x: no member is allowed here");
}

TEST(other_members_satisfy_the_schema_for_them)
{
	const char *schema = "{\"properties\":{\"a\":{}},"
			     "\"additionalProperties\":{\"type\":\"string\"}}";

	check_fits(schema, "{\"a\":1,\"b\":\"x\"}");
	check_refused(schema, "{\"b\":1}", "/b: must be of type string");
}

TEST(a_value_outside_an_enum_or_const_is_refused)
{
	check_fits("{\"enum\":[\"cpu\",1]}", "1");
	check_refused("{\"enum\":[\"cpu\",1]}", "\"gpu\"", "value: must be one of [\"cpu\",1]");
	check_refused("{\"const\":\"cpu\"}", "1", "value: must be \"cpu\"");
}

TEST(lengths_count_characters_not_bytes)
{
	check_fits("{\"maxLength\":2}", "\"\xc3\xa9\xc3\xa9\"");
	check_refused("{\"maxLength\":1}", "\"\xc3\xa9\xc3\xa9\"",
		      "value: has 2 characters, more than 1");
	check_refused("{\"minLength\":1}", "\"\"", "value: has 0 characters, fewer than 1");
}

TEST(lists_outside_their_bounds_are_refused)
{
	check_refused("{\"minItems\":1}", "[]", "value: has 0 items, fewer than 1");
	check_refused("{\"maxItems\":1}", "[1,2]", "value: has 2 items, more than 1");
	check_refused("{\"items\":{\"type\":\"string\"}}", "[\"a\",2]",
		      "/1: must be of type string");
}

TEST(a_path_is_absolute_and_has_no_nul)
{
	const char *schema = "{\"format\":\"path\"}";
	CLEANUP(json) json_t *parsed = read_json(schema);
	CLEANUP(json) json_t *nul = json_stringn("/a\0b", 4);
	struct error err = { 0 };

	check_fits(schema, "\"/etc/hosts\"");
	check_refused(schema, "\"etc/hosts\"", "value: must be an absolute path");
	check_refused(schema, "\"\"", "value: must be an absolute path");
	CHECK_INT(schema_check(parsed, nul, &err), -EINVAL);
	CHECK_TEXT(err.text, "value: a path cannot contain NUL");
}

TEST(a_schema_with_a_keyword_that_is_not_checked_is_refused)
{
	check_bad_schema("{\"properties\":{\"a\":{\"pattern\":\"x\"}}}",
			 "/properties/a/pattern: is not a keyword that is checked here");
	check_bad_schema("{\"items\":{\"oneOf\":[]}}",
			 "/items/oneOf: is not a keyword that is checked here");
}

TEST(a_schema_with_a_keyword_of_the_wrong_type_is_refused)
{
	check_bad_schema("[]", "value: a schema must be an object");
	check_bad_schema("{\"type\":\"int\"}",
			 "/type: must be the name of a type, or a list of them");
	check_bad_schema("{\"type\":[]}", "/type: must be the name of a type, or a list of them");
	check_bad_schema("{\"maxItems\":-1}", "/maxItems: must be a count");
	check_bad_schema("{\"minimum\":\"1\"}", "/minimum: must be a number");
	check_bad_schema("{\"required\":[1]}", "/required: must be a list of names");
	check_bad_schema("{\"format\":\"uri\"}", "/format: must be \"path\"");
	check_bad_schema("{\"enum\":[]}", "/enum: must be a list of values, not empty");
	check_bad_schema("{\"properties\":{\"a\":1}}", "/properties/a: a schema must be an object");
	check_bad_schema("{\"additionalProperties\":true}",
			 "/additionalProperties: must be false or a schema");
}

TEST(a_schema_that_nothing_satisfies_is_refused)
{
	check_bad_schema("{\"minimum\":2,\"maximum\":1}", "value: minimum is above maximum");
	check_bad_schema("{\"required\":[\"a\"],\"additionalProperties\":false}",
			 "value: requires 'a', which it does not allow");
	check_bad_schema("{\"type\":\"integer\",\"default\":\"x\"}",
			 "/default: does not satisfy the schema (value: must be of type integer)");
}

TEST(a_schema_nested_without_end_is_refused)
{
	json_t *deep = json_object();
	CLEANUP(json) json_t *schema = NULL;
	struct error err = { 0 };

	for (int i = 0; i < 1000; i++)
		deep = json_pack("{s:o}", "items", deep);
	schema = deep;
	CHECK_INT(schema_check_self(schema, &err), -EINVAL);
	CHECK(strstr(err.text, "nested deeper than 16"));
}

TEST(a_check_of_a_deep_value_stops_at_the_bound)
{
	json_t *schema = json_object(), *value = json_array();
	struct error err = { 0 };

	for (int i = 0; i < 100; i++) {
		schema = json_pack("{s:o}", "items", schema);
		value = json_pack("[o]", value);
	}
	CHECK_INT(schema_check(schema, value, &err), -EINVAL);
	CHECK(strstr(err.text, "nested deeper than 16"));
	json_decref(schema);
	json_decref(value);
}

TEST(defaults_fill_only_what_is_missing)
{
	CLEANUP(json)
	json_t *schema = read_json("{\"properties\":{\"a\":{\"default\":1},"
				   "\"b\":{\"default\":2},\"c\":{}}}");
	CLEANUP(json) json_t *object = read_json("{\"b\":3}");
	CLEANUP(text) char *text = NULL;

	schema_add_defaults(schema, object);
	text = json_canonical(object);
	CHECK_TEXT(text, "{\"a\":1,\"b\":3}");
}

TEST(long_foreign_keys_are_cut_in_the_sentence)
{
	char key[4096];
	CLEANUP(json) json_t *value = json_object();
	CLEANUP(json) json_t *schema = read_json("{\"additionalProperties\":false}");
	struct error err = { 0 };

	memset(key, '/', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	json_put(value, key, json_null());
	CHECK_INT(schema_check(schema, value, &err), -EINVAL);
	CHECK(strlen(err.text) < 200);
	CHECK(strstr(err.text, "no member is allowed here"));
}
