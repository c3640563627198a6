#include "server/inquiry/form.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

static json_t *take(const char *text, struct error *err)
{
	CLEANUP(json) json_t *params = json_loads(text, 0, NULL);

	CHECK(params);
	return form_take(params, err);
}

/* A form with these properties. */
static json_t *form_of(const char *properties, const char *required)
{
	CLEANUP(text)
	char *text = json_fill("{\"message\":\"?\",\"requestedSchema\":{\"type\":\"object\","
			       "\"properties\":$j,\"required\":$j}}",
			       properties, required);
	struct error err = { 0 };

	return take(text, &err);
}

static void check_taken(const char *properties, bool is_taken)
{
	CLEANUP(json) json_t *form = form_of(properties, "[]");

	if (!form == is_taken)
		FAIL("%s", properties);
}

static void check_fits(const json_t *form, const char *content, bool fits)
{
	CLEANUP(json) json_t *entered = json_loads(content, JSON_DECODE_ANY, NULL);
	struct error err = { 0 };

	if ((form_check(form, entered, &err) == 0) != fits)
		FAIL("%s: %s", content, err.text);
	CHECK_INT(err.code, fits ? 0 : -EINVAL);
}

TEST(a_form_is_flat_and_of_known_kinds)
{
	static const char *const good[] = {
		"{}",
		"{\"a\":{\"type\":\"string\",\"format\":\"email\"}}",
		"{\"a\":{\"type\":\"string\",\"format\":\"of nobody\"}}",
		"{\"a\":{\"type\":\"number\",\"minimum\":1.5}}",
		"{\"a\":{\"type\":\"boolean\",\"default\":true}}",
		"{\"a\":{\"type\":\"string\",\"enum\":[\"x\"],\"enumNames\":[\"X\"]}}",
		"{\"a\":{\"type\":\"array\",\"items\":{\"anyOf\":[{\"const\":\"x\",\"title\":"
		"\"X\"}]}}}",
	};
	static const char *const bad[] = {
		"{\"a\":{}}",
		"{\"a\":7}",
		"{\"a\":{\"type\":\"object\",\"properties\":{}}}",
		"{\"a\":{\"type\":\"null\"}}",
		"{\"a\":{\"type\":[\"string\",\"null\"]}}",
		"{\"a b\":{\"type\":\"string\"}}",
		"{\"\":{\"type\":\"string\"}}",
		"{\"a\":{\"type\":\"string\",\"enum\":[]}}",
		"{\"a\":{\"type\":\"string\",\"enum\":[7]}}",
		"{\"a\":{\"type\":\"string\",\"enum\":[\"x\\u202ey\"]}}",
		"{\"a\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}}",
		"{\"a\":{\"type\":\"array\"}}",
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		check_taken(good[i], true);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		check_taken(bad[i], false);
}

TEST(a_question_has_words_and_one_of_two_ways)
{
	static const char *const bad[] = {
		"{}",
		"{\"message\":\"\",\"requestedSchema\":{\"type\":\"object\",\"properties\":{}}}",
		"{\"message\":\"?\"}",
		"{\"message\":\"?\",\"requestedSchema\":{\"type\":\"array\"}}",
		"{\"message\":\"?\",\"mode\":\"telepathy\"}",
		"{\"message\":\"?\",\"mode\":\"url\"}",
		"{\"message\":\"?\",\"mode\":\"url\",\"url\":\"http://x.example\"}",
		"{\"message\":\"?\",\"mode\":\"url\",\"url\":\"https://u@x.example\"}",
		"{\"message\":\"?\",\"mode\":\"url\",\"url\":\"javascript:alert(1)\"}",
		"{\"message\":\"?\",\"mode\":\"url\",\"url\":\"https://x.example/\\u202ea\"}",
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct error err = { 0 };

		CHECK(!take(bad[i], &err));
		CHECK_INT(err.code, -EBADMSG);
	}
}

TEST(an_address_is_shown_with_its_host)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *form = take("{\"message\":\"Log in\",\"mode\":\"url\",\"url\":"
			    "\"https://Login.Example:8443/a?b=c\"}",
			    &err);

	CHECK_TEXT(json_get_text(form, "host", ""), "login.example:8443");
	CHECK_TEXT(json_get_text(form, "url", ""), "https://Login.Example:8443/a?b=c");
}

TEST(words_are_cut_and_hide_nothing)
{
	char text[FORM_MESSAGE_BYTES * 2 + 1];
	CLEANUP(json)
	json_t *shown = form_shown("a\xe2\x80\xae"
				   "b\nc\x1b[1m\xff",
				   100);
	CLEANUP(json) json_t *cut = NULL;

	CHECK_TEXT(json_string_value(shown), "a?b\nc?[1m?");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	cut = form_shown(text, FORM_MESSAGE_BYTES);
	CHECK(json_string_length(cut) <= FORM_MESSAGE_BYTES);
}

TEST(a_field_that_is_wanted_must_be_there)
{
	CLEANUP(json)
	json_t *form = form_of("{\"a\":{\"type\":\"string\"},\"b\":{\"type\":\"integer\","
			       "\"default\":7},\"c\":{\"type\":\"integer\",\"default\":\"no\"}}",
			       "[\"a\",\"b\",\"c\"]");

	check_fits(form, "{\"a\":\"x\",\"c\":1}", true);
	check_fits(form, "{\"a\":\"x\"}", false); /* what is no integer is no default */
	check_fits(form, "{\"c\":1}", false);
	check_fits(form, "{\"a\":\"x\",\"c\":1,\"d\":1}", false);
	check_fits(form, "[]", false);
	CHECK(!form_of("{\"a\":{\"type\":\"string\"}}", "[\"b\"]"));
	CHECK(!form_of("{\"a\":{\"type\":\"string\"}}", "[7]"));
}

TEST(what_is_entered_is_of_its_kind)
{
	static const struct {
		const char *property, *good, *bad;
	} rows[] = {
		{ "{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"\u00e4\u00f6\"",
		  "\"a\"" },
		{ "{\"type\":\"string\",\"maxLength\":3}", "\"\"", "\"abcd\"" },
		{ "{\"type\":\"string\"}", "\"x\"", "7" },
		{ "{\"type\":\"string\",\"format\":\"email\"}", "\"a@b\"", "\"a@b@c\"" },
		{ "{\"type\":\"string\",\"format\":\"uri\"}", "\"urn:x\"", "\"//x\"" },
		{ "{\"type\":\"string\",\"format\":\"date\"}", "\"2026-01-31\"", "\"31.1.26\"" },
		{ "{\"type\":\"string\",\"format\":\"date-time\"}",
		  "\"2026-01-31T10:00:00.5+02:00\"", "\"2026-01-31T10:00:00\"" },
		{ "{\"type\":\"number\",\"minimum\":1,\"maximum\":2}", "1.5", "2.5" },
		{ "{\"type\":\"integer\"}", "3.0", "3.5" },
		{ "{\"type\":\"integer\"}", "-3", "\"3\"" },
		{ "{\"type\":\"boolean\"}", "false", "0" },
		{ "{\"type\":\"string\",\"enum\":[\"x\",\"y\"]}", "\"y\"", "\"z\"" },
		{ "{\"type\":\"string\",\"oneOf\":[{\"const\":\"x\"}]}", "\"x\"", "\"y\"" },
		{ "{\"type\":\"array\",\"minItems\":1,\"items\":{\"enum\":[\"x\",\"y\"]}}",
		  "[\"x\",\"y\"]", "[]" },
		{ "{\"type\":\"array\",\"items\":{\"enum\":[\"x\"]}}", "[]", "[\"z\"]" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		CLEANUP(text) char *properties = json_fill("{\"a\":$j}", rows[i].property);
		CLEANUP(text) char *good = json_fill("{\"a\":$j}", rows[i].good);
		CLEANUP(text) char *bad = json_fill("{\"a\":$j}", rows[i].bad);
		CLEANUP(json) json_t *form = form_of(properties, "[]");

		check_fits(form, good, true);
		check_fits(form, bad, false);
	}
}

TEST(a_form_has_a_size)
{
	CLEANUP(json) json_t *properties = json_object();
	CLEANUP(text) char *text = NULL, *more = NULL;
	char name[16];

	for (unsigned i = 0; i < FORM_MAX_FIELDS; i++) {
		text_format(name, sizeof(name), "f%u", i);
		json_put(properties, name, json_pack("{s:s}", "type", "string"));
	}
	text = json_canonical(properties);
	check_taken(text, true);
	json_put(properties, "more", json_pack("{s:s}", "type", "string"));
	more = json_canonical(properties);
	check_taken(more, false);
}

TEST(only_defaults_that_were_shown_are_filled_in)
{
	CLEANUP(json)
	json_t *form = form_of("{\"a\":{\"type\":\"string\",\"default\":\"x\"},"
			       "\"b\":{\"type\":\"string\",\"default\":\"x\\u202ey\"},"
			       "\"c\":{\"type\":\"integer\",\"maximum\":3,\"default\":4},"
			       "\"d\":{\"type\":\"boolean\",\"default\":true}}",
			       "[]");
	CLEANUP(json) json_t *content = json_pack("{s:b}", "d", false);
	CLEANUP(text) char *text = NULL;

	CHECK(form);
	form_fill(form, content);
	text = json_canonical(content);
	CHECK_TEXT(text, "{\"a\":\"x\",\"d\":false}");
}
