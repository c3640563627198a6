#include "server/pipeline/matcher.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static enum matcher_answer ask(const char *text, const char *value)
{
	struct matcher matcher = { 0 };
	struct error err = { 0 };
	enum matcher_answer answer = MATCHER_FAILS;

	CHECK_INT(matcher_parse(text, &matcher, &err), 0);
	answer = matcher_ask(&matcher, value);
	matcher_finish(&matcher);
	return answer;
}

TEST(each_operator_means_what_it_means_in_alertmanager)
{
	static const struct {
		const char *text, *value;
		enum matcher_answer answer;
	} rows[] = {
		{ "env=prod", "prod", MATCHER_HOLDS },
		{ "env=prod", "production", MATCHER_FAILS },
		{ "env=\"prod\"", "prod", MATCHER_HOLDS },
		{ " env = \"a b\" ", "a b", MATCHER_HOLDS },
		{ "env!=prod", "prod", MATCHER_FAILS },
		{ "env!=prod", "", MATCHER_HOLDS },
		{ "env=", "", MATCHER_HOLDS },
		{ "env=~\"web|db\"", "db", MATCHER_HOLDS },
		{ "env=~\"web|db\"", "webs", MATCHER_FAILS }, /* the whole value */
		{ "env=~web.*", "web1", MATCHER_HOLDS },
		{ "env!~web.*", "web1", MATCHER_FAILS },
		{ "env!~\"web.*\"", "db1", MATCHER_HOLDS },
		{ "env=~\"\\\\d+\"", "12", MATCHER_HOLDS },
		{ "env=~\"\\d+\"", "12", MATCHER_HOLDS },
		{ "env=~.*", "two\nlines", MATCHER_FAILS },
		{ "env=\"say \\\"hi\\\"\\n\"", "say \"hi\"\n", MATCHER_HOLDS },
		{ "kubernetes.io/name=x", "x", MATCHER_HOLDS },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		CHECK_INT(ask(rows[i].text, rows[i].value), rows[i].answer);
}

TEST(what_is_no_matcher_is_refused_with_the_form)
{
	static const char *const texts[] = { "",         "env",        "=prod",      "1a=b",
					     "env==x\"", "env=\"x",    "env=\"x\"y", "env~x",
					     "env=~(",   "env=~a)|(b", "env=\"\\" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct matcher matcher;
		struct error err = { 0 };

		CHECK_INT(matcher_parse(texts[i], &matcher, &err), -EINVAL);
		CHECK(err.text[0]);
	}
}

TEST(an_expression_that_explodes_is_given_up_and_never_holds)
{
	char value[64];

	memset(value, 'a', sizeof(value) - 2);
	value[sizeof(value) - 2] = 'b';
	value[sizeof(value) - 1] = '\0';
	CHECK_INT(ask("a=~(a|aa)+(a|aa)+(a|aa)+[cd]", value), MATCHER_GAVE_UP);
	CHECK_INT(ask("a!~(a|aa)+(a|aa)+(a|aa)+[cd]", value), MATCHER_GAVE_UP);
}

TEST(a_matcher_has_an_end)
{
	char text[MATCHER_MAX_BYTES + 2];
	struct matcher matcher;
	struct error err = { 0 };

	memset(text, 'a', sizeof(text) - 1);
	text[1] = '=';
	text[sizeof(text) - 1] = '\0';
	CHECK_INT(matcher_parse(text, &matcher, &err), -EINVAL);
	text[sizeof(text) - 2] = '\0';
	CHECK_INT(matcher_parse(text, &matcher, &err), 0);
	matcher_finish(&matcher);
}
