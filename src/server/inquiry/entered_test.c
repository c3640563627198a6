#include "server/inquiry/entered.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/test.h"

/* As 'content' answered a form of these fields. */
static json_t *remembered(const char *fields, const char *content)
{
	CLEANUP(text) char *text = json_fill("{\"fields\":$j}", fields);
	CLEANUP(json) json_t *form = json_loads(text, 0, NULL);
	CLEANUP(json) json_t *entered = json_loads(content, 0, NULL);
	json_t *texts = json_array();

	CHECK(form && entered);
	entered_remember(texts, form, entered);
	return texts;
}

static void check_redacted(const json_t *texts, const char *said, const char *expected)
{
	CLEANUP(json) json_t *value = json_loads(said, JSON_DECODE_ANY, NULL);
	CLEANUP(json) json_t *without = value ? entered_redact(texts, value) : NULL;
	CLEANUP(text) char *text = without ? json_dumps(without, JSON_ENCODE_ANY) : NULL;

	CHECK(text);
	CHECK_TEXT(text, expected);
}

#define IN ENTERED_STAND_IN

TEST(what_was_entered_is_taken_out_of_texts_names_and_numbers)
{
	CLEANUP(json)
	json_t *texts = remembered("[]", "{\"a\":\"hunter2\",\"b\":4711,\"c\":1234.0,\"d\":\"x\"}");

	check_redacted(texts, "\"I am hunter2, hunter2.\"", "\"I am " IN ", " IN ".\"");
	check_redacted(texts, "{\"my hunter2\": [1, \"x\", {\"hunter2\": null}]}",
		       "{\"my " IN "\": [1, \"x\", {\"" IN "\": null}]}");
	check_redacted(texts, "[4711, 9, 4711.5, true, \"no. 4711\", 1234, \"1234\"]",
		       "[\"" IN "\", 9, \"" IN "\", true, \"no. " IN "\", \"" IN "\", \"" IN "\"]");
	check_redacted(texts, "\"hunter 2\"", "\"hunter 2\"");
}

TEST(what_stands_in_is_not_looked_at_again)
{
	CLEANUP(json)
	json_t *texts = remembered(
		"[]", "{\"a\":\"person\",\"b\":\"entered\",\"c\":\" by a\",\"d\":\"[entered\"}");

	check_redacted(texts, "\"a person\"", "\"a " IN "\"");
	check_redacted(texts, "{\"person\": \"entered by a person\", \"more\": \"x\"}",
		       "{\"" IN "\": \"" IN IN " " IN "\", \"more\": \"x\"}");
}

TEST(of_texts_that_overlap_nothing_is_left)
{
	CLEANUP(json)
	json_t *texts = remembered("[]", "{\"a\":\"abcdef\",\"b\":\"defghi\",\"c\":\"abcd\"}");

	check_redacted(texts, "\"xabcdefghix\"", "\"x" IN "x\"");
	check_redacted(texts, "\"xabcdefx\"", "\"x" IN "x\"");
	check_redacted(texts, "\"xabcdx\"", "\"x" IN "x\"");
}

TEST(it_is_known_in_other_writings)
{
	CLEANUP(json) json_t *texts = remembered("[]", "{\"a\":\"pä\\\"ss\"}");
	CLEANUP(text) char *cleaned = entered_redact_text(texts, "says: p??\"ss (1)");

	CHECK_TEXT(cleaned, "says: " IN " (1)");
	check_redacted(texts, "\"pä\\\"ss\"", "\"" IN "\"");
	check_redacted(texts, "\"{\\\"a\\\": \\\"p\\u00e4\\\\\\\"ss\\\"}\"",
		       "\"{\\\"a\\\": \\\"" IN "\\\"}\"");
	check_redacted(texts, "\"{\\\"a\\\": \\\"p\\\\u00e4\\\\\\\"ss\\\"}\"",
		       "\"{\\\"a\\\": \\\"" IN "\\\"}\"");
}

TEST(what_the_server_itself_offered_is_no_secret)
{
	CLEANUP(json)
	json_t *texts = remembered("[{\"name\":\"zone\",\"options\":[]},{\"name\":\"login\"}]",
				   "{\"zone\":\"north\",\"login\":\"eve-of-ops\",\"is\":true}");

	check_redacted(texts, "\"eve-of-ops goes north, true\"", "\"" IN " goes north, true\"");
}

TEST(only_so_many_are_remembered)
{
	CLEANUP(json) json_t *texts = json_array();
	CLEANUP(json) json_t *form = json_object();

	for (unsigned i = 0; i < 2 * ENTERED_MAX; i++) {
		CLEANUP(json) json_t *content = json_pack("{s:i}", "a", 10000 + i);

		CHECK(i || entered_has_room(texts));
		entered_remember(texts, form, content);
		entered_remember(texts, form, content);
	}
	CHECK_INT(json_array_size(texts), ENTERED_MAX);
	CHECK(!entered_has_room(texts));
	check_redacted(texts, "\"10000 and 10511 and 10512\"", "\"" IN " and " IN " and 10512\"");
}

/* --- asked again ------------------------------------------------------------------------- */

static void check_asked(const json_t *texts, const char *params, const char *expected)
{
	CLEANUP(json) json_t *question = json_loads(params, 0, NULL);
	struct error err = { 0 };
	CLEANUP(json) json_t *form = entered_form(texts, question, &err);
	CLEANUP(text) char *text = form ? json_canonical(form) : NULL;

	CHECK(question);
	if (!expected) {
		CHECK(!form);
		CHECK_INT(err.code, -EBADMSG);
		CHECK(!strstr(err.text, "hunter2"));
		return;
	}
	CHECK(form);
	CHECK_TEXT(text, expected);
}

#define FORM(property)                                                                       \
	"{\"message\":\"hunter2?\",\"requestedSchema\":{\"type\":\"object\",\"properties\":" \
	"{" property "}}}"

TEST(another_question_does_not_repeat_it)
{
	CLEANUP(json) json_t *texts = remembered("[]", "{\"a\":\"hunter2\"}");

	check_asked(
		texts,
		FORM("\"b\":{\"type\":\"string\",\"title\":\"hunter2\",\"default\":\"hunter2\"}"),
		"{\"fields\":[{\"name\":\"b\",\"required\":false,\"title\":\"" IN
		"\",\"type\":\"text\"}],\"message\":\"" IN "?\",\"mode\":\"form\"}");
	check_asked(texts, FORM("\"b\":{\"type\":\"string\",\"default\":\"other\"}"),
		    "{\"fields\":[{\"default\":\"other\",\"name\":\"b\",\"required\":false,"
		    "\"type\":\"text\"}],\"message\":\"" IN "?\",\"mode\":\"form\"}");
	check_asked(texts, FORM("\"hunter2\":{\"type\":\"string\"}"), NULL);
	check_asked(texts, FORM("\"b\":{\"type\":\"string\",\"enum\":[\"hunter2\",\"x\"]}"), NULL);
	check_asked(texts,
		    "{\"mode\":\"url\",\"message\":\"x\",\"url\":\"https://x.example/hunter2\"}",
		    NULL);
	check_asked(texts, "{\"mode\":\"none\"}", NULL);
}
