/* What usages say. */
#include <string.h>

#include "base/test.h"
#include "cli/usage.h"

static bool is(struct str str, const char *text)
{
	return str_is(str, text);
}

TEST(a_form_has_its_verb_its_options_and_its_words)
{
	const char *at = "create|edit NAME [FILE|-] (--host H | --label K=V) [--yes]\nlist";
	struct usage_form form;

	CHECK(usage_next(&at, &form));
	CHECK(is(form.verb, "create|edit") && usage_has(form.verb, "edit"));
	CHECK_INT(form.n, 5);
	CHECK(is(form.items[0].value, "NAME") && form.items[0].place == 0);
	CHECK(is(form.items[1].value, "FILE|-") && form.items[1].place == 1);
	CHECK(is(form.items[2].option, "--host") && is(form.items[2].value, "H"));
	CHECK(is(form.items[3].option, "--label") && is(form.items[3].value, "K=V"));
	CHECK(is(form.items[4].option, "--yes") && !form.items[4].value.len);
	CHECK(usage_next(&at, &form));
	CHECK(is(form.verb, "list") && !form.n);
	CHECK(!usage_next(&at, &form));
}

TEST(alternatives_stand_in_one_place)
{
	const char *at = "TOOL [JSON | KEY=VALUE... | -] [--continue|--stop]";
	struct usage_form form;

	CHECK(usage_next(&at, &form));
	CHECK(!form.verb.len);
	CHECK_INT(form.items[0].place, 0);
	CHECK_INT(form.items[1].place, 1);
	CHECK(is(form.items[2].value, "KEY=VALUE") && form.items[2].repeats);
	CHECK_INT(form.items[2].place, 1);
	CHECK_INT(form.items[3].place, 1);
	CHECK(is(form.items[4].option, "--continue") && is(form.items[5].option, "--stop"));
}

TEST(the_options_of_all_forms_come_once_and_sorted)
{
	struct str options[USAGE_MAX_OPTIONS];

	CHECK_INT(usage_options("list [--json]\nadd X [--force] [--json]", options), 2);
	CHECK(is(options[0], "--force") && is(options[1], "--json"));
}

TEST(capitals_are_filled_in)
{
	CHECK(usage_is_placeholder((struct str) { "KEY=VALUE", 9 }));
	CHECK(!usage_is_placeholder((struct str) { "list", 4 }));
}
